import { randomUUID } from 'node:crypto';

import { ApiError, apiError, missingParameter } from '../api/api-error.ts';
import type { ApiResponse } from '../api/response.ts';
import type { Authentication } from '../auth/authentication.ts';
import { processPki } from '../certificates/pki.ts';
import type { FakeFault, FaultHandle } from '../faults/fault.ts';
import { parseParameters, peekParameters } from '../protocols/parameters.ts';
import type { WireRequest } from '../protocols/protocol.ts';
import { rpcV1 } from '../protocols/rpc-v1.ts';
import { CredentialServer } from '../server/credential-server.ts';
import type { CredentialFaultScope, CredentialRequestRecord, CredentialResponse } from '../server/credential-server.ts';
import { finiteTime } from '../settable-clock.ts';
import type { CalendarClock } from '../settable-clock.ts';
import { Roles } from './roles.ts';
import type { FakeRole, Session } from './roles.ts';
import type { TemporaryKeys } from './temporary-keys.ts';

const apiVersion = '2015-04-01';

/** A token of an OIDC identity provider. */
export interface FakeOidcToken {
  /** `acs:ram::ACCOUNT:oidc-provider/NAME`. */
  readonly providerArn: string;
  readonly token: string;
  /** Milliseconds since 1970, by the fake's clock. Default: never. */
  readonly expiresAt?: number;
}

interface Parts {
  readonly authentication: Authentication;
  readonly temporaryKeys: TemporaryKeys;
  readonly clock: CalendarClock;
  /** The regions whose STS host names are in the certificate. */
  readonly regions: readonly string[];
  /** 0 for a free port. */
  readonly port: number;
}

/** STS on its own port, always over TLS: AssumeRole, which is signed, and AssumeRoleWithOIDC, which is not. */
export class FakeSts {
  readonly #parts: Parts;
  readonly #server: CredentialServer;
  readonly #roles = new Roles();
  /** By provider ARN. */
  readonly #tokens = new Map<string, FakeOidcToken>();

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#server = new CredentialServer({
      pki: processPki().forHosts(hostNames(parts.regions)),
      port: parts.port,
      clock: parts.clock,
      respond: (request) => this.#respond(request),
    });
  }

  /** `127.0.0.1:PORT`: the value of a client's `stsEndpoint` option. */
  get endpoint(): string {
    return this.#server.endpoint;
  }

  get url(): string {
    return this.#server.url;
  }

  /** The number of requests, rejected ones included. */
  get calls(): number {
    return this.#server.requests.length;
  }

  get requests(): readonly CredentialRequestRecord[] {
    return this.#server.requests;
  }

  clearRequests(): void {
    this.#server.clearRequests();
  }

  /** Adds or replaces a role. */
  addRole(role: FakeRole): void {
    this.#roles.add(role);
  }

  removeRole(arn: string): void {
    this.#roles.remove(arn);
  }

  /** Sets the token that STS accepts from this provider. Replaces the previous one. */
  registerOidcToken(token: FakeOidcToken): void {
    if (token.token === '') throw new TypeError('An OIDC token must not be empty.');
    if (token.expiresAt !== undefined) finiteTime(token.expiresAt, 'expiresAt of an OIDC token');
    this.#tokens.set(token.providerArn, { ...token });
  }

  /** Adds a fault for requests that would succeed. */
  fault(fault: FakeFault, scope: CredentialFaultScope = {}): FaultHandle {
    return this.#server.fault(fault, scope);
  }

  /** Removes all faults. */
  heal(): void {
    this.#server.heal();
  }

  /** Opens the port; after `stop`, the same one. */
  async start(): Promise<void> {
    await this.#server.start();
  }

  /** Closes the port and its connections. */
  async stop(): Promise<void> {
    await this.#server.stop();
  }

  #respond(request: WireRequest): CredentialResponse {
    const action = peekParameters(request).get('Action') ?? '';
    try {
      return { action, response: jsonResponse(200, this.#perform(request, action)) };
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      return { action, response: stsErrorResponse(error) };
    }
  }

  #perform(request: WireRequest, action: string): object {
    if (request.path !== '/') throw apiError('InvalidApi.NotFound');
    return action === 'AssumeRoleWithOIDC' ? this.#assumeRoleWithOidc(request) : this.#assumeRole(request);
  }

  #assumeRole(request: WireRequest): object {
    const signed = rpcV1.parse(request);
    this.#parts.authentication.authenticate(signed);
    checkVersionAndFormat(signed.version, signed.parameters);
    if (signed.action !== 'AssumeRole') throw apiError('InvalidAction.NotFound');
    const session = this.#parseSession(signed.parameters);
    const { trustedKeyIds } = session.role;
    if (trustedKeyIds?.includes(signed.accessKeyId) === false) throw apiError('NoPermission');
    return this.#sessionFields(session);
  }

  #assumeRoleWithOidc(request: WireRequest): object {
    const parameters = parseParameters(request);
    const version = requiredParameter(parameters, 'Version');
    checkVersionAndFormat(version, parameters);
    const registered = this.#tokens.get(requiredParameter(parameters, 'OIDCProviderArn'));
    const token = requiredParameter(parameters, 'OIDCToken');
    const session = this.#parseSession(parameters);
    if (registered === undefined) throw apiError('EntityNotExist.OIDCProvider');
    if (token !== registered.token) throw apiError('AuthenticationFail.OIDCToken.Invalid');
    const { expiresAt = Number.POSITIVE_INFINITY } = registered;
    if (this.#parts.clock.date() >= expiresAt) throw apiError('AuthenticationFail.OIDCToken.Expired');
    const tokenInfo = { Subject: 'fake-subject', Issuer: 'https://issuer.invalid', ClientIds: 'sts.aliyuncs.com' };
    return { ...this.#sessionFields(session), OIDCTokenInfo: tokenInfo };
  }

  #parseSession(parameters: ReadonlyMap<string, string>): Session {
    requiredParameter(parameters, 'RoleArn');
    requiredParameter(parameters, 'RoleSessionName');
    return this.#roles.parseSession(parameters);
  }

  #sessionFields({ role, name, issue }: Session): object {
    return {
      RequestId: randomUUID().toUpperCase(),
      AssumedRoleUser: { Arn: `${role.arn}/${name}`, AssumedRoleId: `300000000000000001:${name}` },
      Credentials: this.#parts.temporaryKeys.issue(issue),
    };
  }
}

/** The central host name, then the public and VPC host names of each region. */
function hostNames(regions: readonly string[]): readonly string[] {
  const regional = regions.flatMap((region) => [`sts.${region}.aliyuncs.com`, `sts-vpc.${region}.aliyuncs.com`]);
  return ['sts.aliyuncs.com', ...regional];
}

/** The fake supports only JSON, the format of every STS client. */
function checkVersionAndFormat(version: string, parameters: ReadonlyMap<string, string>): void {
  if (version !== apiVersion) throw apiError('InvalidVersion');
  if ((parameters.get('Format') ?? 'json').toLowerCase() !== 'json') throw apiError('InvalidParameter.Format');
}

function requiredParameter(parameters: ReadonlyMap<string, string>, name: string): string {
  const value = parameters.get(name);
  if (value === undefined || value === '') throw missingParameter(name);
  return value;
}

/** Always has a `Message`: `@alicloud/credentials` 2.4.7 reads it without checking that it exists. */
function stsErrorResponse({ status, code, message }: ApiError): ApiResponse {
  const body = { RequestId: randomUUID().toUpperCase(), HostId: 'sts.aliyuncs.com', Code: code, Message: message };
  return { ...jsonResponse(status, body), code };
}

function jsonResponse(status: number, body: object): ApiResponse {
  const headers = { 'content-type': 'application/json;charset=utf-8' };
  return { status, headers, body: Buffer.from(JSON.stringify(body), 'utf8') };
}
