import { randomUUID } from 'node:crypto';

import type { Answer } from '../api/response.ts';
import type { Authentication } from '../auth/authentication.ts';
import { processPki } from '../certificates/pki.ts';
import type { WireRequest } from '../protocols/protocol.ts';
import { glanceAtParameters, readParameters } from '../protocols/parameters.ts';
import { rpcV1 } from '../protocols/rpc-v1.ts';
import type { FakeFault, FaultHandle } from '../faults/fault-registry.ts';
import { missing, Refusal, refusal } from '../api/api-error.ts';
import type { CalendarClock } from '../settable-clock.ts';
import { CredentialServer } from '../server/credential-server.ts';
import type { SideAnswer, CredentialRequestRecord, CredentialFaultScope } from '../server/credential-server.ts';
import { Roles } from './roles.ts';
import type { FakeRole, Session } from './roles.ts';
import type { TemporaryKeys } from './temporary-keys.ts';

const version = '2015-04-01';

/** A token that an identity provider has given out. */
export interface FakeOidcToken {
  /** `acs:ram::ACCOUNT:oidc-provider/NAME`. */
  readonly providerArn: string;
  readonly token: string;
  /** Milliseconds since 1970, by the fake's clock; never when left out. */
  readonly expiresAt?: number;
}

interface Parts {
  readonly authentication: Authentication;
  readonly temporaryKeys: TemporaryKeys;
  readonly clock: CalendarClock;
}

/** STS on a port of its own, always over TLS: AssumeRole, signed, and AssumeRoleWithOIDC, which nobody signs. */
export class FakeSts {
  readonly #parts: Parts;
  readonly #server: CredentialServer;
  readonly #roles = new Roles();
  /** By the provider's ARN. */
  readonly #tokens = new Map<string, FakeOidcToken>();

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#server = new CredentialServer({
      trust: processPki(),
      clock: parts.clock,
      answer: (request) => this.#answer(request),
    });
  }

  /** `127.0.0.1:PORT`: what the option `stsEndpoint` of a client takes. */
  get endpoint(): string {
    return this.#server.endpoint;
  }

  get url(): string {
    return this.#server.url;
  }

  /** How often it was asked, refused requests included. */
  get calls(): number {
    return this.#server.requests.length;
  }

  get requests(): readonly CredentialRequestRecord[] {
    return this.#server.requests;
  }

  clearRequests(): void {
    this.#server.clearRequests();
  }

  addRole(role: FakeRole): void {
    this.#roles.add(role);
  }

  removeRole(arn: string): void {
    this.#roles.remove(arn);
  }

  /** From now on this is the one token that is taken from its provider. */
  registerOidcToken(token: FakeOidcToken): void {
    if (token.token === '') throw new TypeError('An OIDC token is not empty.');
    this.#tokens.set(token.providerArn, { ...token });
  }

  /** Plants a fault for requests that would be granted. */
  fault(fault: FakeFault, scope: CredentialFaultScope = {}): FaultHandle {
    return this.#server.fault(fault, scope);
  }

  heal(): void {
    this.#server.heal();
  }

  /** Opens its port; the same one every time. */
  async start(): Promise<void> {
    await this.#server.open();
  }

  /** Closes its port and its connections. */
  async stop(): Promise<void> {
    await this.#server.shut();
  }

  #answer(request: WireRequest): SideAnswer {
    const action = glanceAtParameters(request).get('Action') ?? '';
    try {
      return { action, answer: jsonAnswer(200, this.#act(request, action)) };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return { action, answer: refusedAnswer(error) };
    }
  }

  #act(request: WireRequest, action: string): object {
    if (request.path !== '/') throw refusal('InvalidApi.NotFound');
    return action === 'AssumeRoleWithOIDC' ? this.#assumeWithOidc(request) : this.#assume(request);
  }

  #assume(request: WireRequest): object {
    const signed = rpcV1.read(request);
    this.#parts.authentication.check(signed);
    checkApi(signed.version, signed.parameters);
    if (signed.action !== 'AssumeRole') throw refusal('InvalidAction.NotFound');
    const session = this.#session(signed.parameters);
    const { trusts } = session.role;
    if (trusts !== undefined && !trusts.includes(signed.accessKeyId)) throw refusal('NoPermission');
    return this.#grant(session);
  }

  #assumeWithOidc(request: WireRequest): object {
    const parameters = readParameters(request);
    const asked = given(parameters, 'Version');
    checkApi(asked, parameters);
    const provider = this.#tokens.get(given(parameters, 'OIDCProviderArn'));
    const token = given(parameters, 'OIDCToken');
    const session = this.#session(parameters);
    if (provider === undefined) throw refusal('EntityNotExist.OIDCProvider');
    if (token !== provider.token) throw refusal('AuthenticationFail.OIDCToken.Invalid');
    const { expiresAt = Number.POSITIVE_INFINITY } = provider;
    if (this.#parts.clock.date() >= expiresAt) throw refusal('AuthenticationFail.OIDCToken.Expired');
    const about = { Subject: 'fake-subject', Issuer: 'https://issuer.invalid', ClientIds: 'sts.aliyuncs.com' };
    return { ...this.#grant(session), OIDCTokenInfo: about };
  }

  #session(parameters: ReadonlyMap<string, string>): Session {
    given(parameters, 'RoleArn');
    given(parameters, 'RoleSessionName');
    return this.#roles.session(parameters);
  }

  #grant({ role, name, issue }: Session): object {
    return {
      RequestId: randomUUID().toUpperCase(),
      AssumedRoleUser: { Arn: `${role.arn}/${name}`, AssumedRoleId: `300000000000000001:${name}` },
      Credentials: this.#parts.temporaryKeys.issue(issue),
    };
  }
}

/** This fake writes JSON alone, as all that ask it do. */
function checkApi(asked: string, parameters: ReadonlyMap<string, string>): void {
  if (asked !== version) throw refusal('InvalidVersion');
  if ((parameters.get('Format') ?? 'json').toLowerCase() !== 'json') throw refusal('InvalidParameter.Format');
}

function given(parameters: ReadonlyMap<string, string>, name: string): string {
  const value = parameters.get(name);
  if (value === undefined || value === '') throw missing(name);
  return value;
}

/** With a Message, always: `@alicloud/credentials` 2.4.7 reads it without looking whether it is there. */
function refusedAnswer({ status, code, message }: Refusal): Answer {
  const body = { RequestId: randomUUID().toUpperCase(), HostId: 'sts.aliyuncs.com', Code: code, Message: message };
  return { ...jsonAnswer(status, body), code };
}

function jsonAnswer(status: number, body: object): Answer {
  const headers = { 'content-type': 'application/json;charset=utf-8' };
  return { status, headers, body: Buffer.from(JSON.stringify(body), 'utf8') };
}
