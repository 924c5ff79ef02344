import { inspect } from 'node:util';
import type { Credentials, FailureName, Secret, SecretRequest, SecretTransport } from '@kms-secrets/core';
import { expect } from 'vitest';

import { startFakeKms } from '../fake-kms/index.ts';
import type { FakeEndpoint, FakeKms, GatewayKind } from '../fake-kms/index.ts';
import type { Clause } from './contract.ts';
import { isError } from '@kms-secrets/core';

/**
 * Opens a transport to one endpoint of the fake KMS. It trusts the CA in `kms.caFilePath`, uses the machine's clock, and
 * authenticates with `credentials` or with a client key of `kms`.
 */
export type OpenTransport = (
  endpoint: FakeEndpoint,
  kms: FakeKms,
  credentials: Credentials,
) => Promise<SecretTransport> | SecretTransport;

/** The kind of transport. The contract has different expectations for some of them. */
export interface TransportContractOptions {
  /** The endpoint that the transport connects to: a region's shared gateway, or a KMS instance. Default: `shared`. */
  readonly gateway?: GatewayKind;
  /**
   * The transport uses a third-party SDK, which hides response headers and the status of a response that is not JSON,
   * has no limit on the response size, manages its own sockets, and cannot cancel a request.
   */
  readonly isOverSdk?: boolean;
}

/** A transport under test. */
export interface TransportSubject extends TransportContractOptions {
  readonly open: OpenTransport;
}

/** An open transport and the fake KMS behind it. */
export interface TransportFixture {
  readonly kms: FakeKms;
  readonly transport: SecretTransport;
  readonly isOverSdk: boolean;
  /** Makes one attempt. Without `signal` it is never aborted. */
  readonly fetch: (request: SecretRequest, signal?: AbortSignal) => Promise<Secret>;
  /** Makes one attempt that must reject, and checks that the error contains no secret. */
  readonly fail: (request?: SecretRequest, signal?: AbortSignal) => Promise<ObservedFailure>;
}

/** The fields of a `FetchFailure`, as far as the error has them. */
export interface ObservedFailure {
  readonly failure: FailureName | undefined;
  readonly code: unknown;
  readonly status: unknown;
  readonly requestId: unknown;
  readonly retryAfter: unknown;
  readonly error: unknown;
}

const region = 'cn-hangzhou';
const instance = 'kst-fake0001';
const securityToken = 'FakeSecurityToken-0123456789-abcdefghijklmnop';

/** A clause about a transport with its own fake KMS. Both are closed afterwards. */
export function clause(name: string, check: (fixture: TransportFixture) => Promise<void>): Clause<TransportSubject> {
  return { name, check: (subject) => checkTransport(subject, {}, check) };
}

/** A clause about a transport that uses temporary credentials. */
export function clauseWithTemporaryCredentials(
  name: string,
  check: (fixture: TransportFixture) => Promise<void>,
): Clause<TransportSubject> {
  const credentials = {
    accessKeyId: 'STS.FakeTemporaryKeyId',
    accessKeySecret: 'FakeTemporaryKeySecret',
    securityToken,
  };
  return { name, check: (subject) => checkTransport(subject, { credentials }, check) };
}

async function checkTransport(
  { open, gateway = 'shared', isOverSdk = false }: TransportSubject,
  temporary: { readonly credentials?: Required<Credentials> },
  check: (fixture: TransportFixture) => Promise<void>,
): Promise<void> {
  // The second region is the target of redirects.
  await using kms = await startFakeKms({
    regions: [region, 'cn-shanghai'],
    ...(gateway === 'instance' && { instances: [instance] }),
    quota: false,
  });
  if (temporary.credentials !== undefined) addTemporaryKey(kms, temporary.credentials);
  const credentials: Credentials = temporary.credentials ?? kms.accessKey;
  const transport = await open(kms.endpoint(gateway === 'shared' ? region : instance), kms, credentials);
  const fetch = (request: SecretRequest, signal = new AbortController().signal): Promise<Secret> =>
    transport.fetch(request, signal);
  const fail = (request: SecretRequest = { name: 'db' }, signal?: AbortSignal): Promise<ObservedFailure> => {
    const failing = fetch(request, signal).then(
      () => expect.fail('The attempt succeeded, but should have failed.'),
      (error: unknown) => {
        expectNoSecrets(error, credentials);
        return observedFailure(error);
      },
    );
    failing.catch(() => {}); // A clause may await something else first.
    return failing;
  };
  try {
    await check({ kms, transport, isOverSdk, fetch, fail });
  } finally {
    await transport.close();
  }
}

function addTemporaryKey(kms: FakeKms, credentials: Required<Credentials>): void {
  const { accessKeyId, accessKeySecret } = credentials;
  kms.addStsKey({ accessKeyId, accessKeySecret, securityToken, expiresAt: kms.clock.date() + 3_600_000 });
}

function observedFailure(error: unknown): ObservedFailure {
  const field = (name: string): unknown =>
    typeof error === 'object' && error !== null ? Reflect.get(error, name) : undefined;
  return {
    failure: field('failure') as FailureName | undefined, // Each clause compares it with a valid name.
    code: field('code'),
    status: field('status'),
    requestId: field('requestId'),
    retryAfter: field('retryAfter'),
    error,
  };
}

/** Compares booleans, so that a failing test prints no secret either. */
function expectNoSecrets(error: unknown, credentials: Credentials): void {
  const text = printedForms(error);
  const secrets = {
    'a value': 's3cret-',
    'an access key id': credentials.accessKeyId,
    'an access key secret': credentials.accessKeySecret,
    'a token': securityToken,
  };
  for (const [what, secret] of Object.entries(secrets))
    expect(text.includes(secret), `an error contains ${what}`).toBe(false);
  expect(/Signature(?:=|%3d|":|: )|ACS3-HMAC/iu.test(text), 'an error contains a signature').toBe(false);
}

/** Message, stack, causes and hidden fields, in every form in which an error can be printed. */
function printedForms(error: unknown): string {
  const parts: string[] = [];
  const seen = new Set<unknown>();
  for (let part: unknown = error; isError(part) && !seen.has(part); part = part.cause) {
    seen.add(part);
    parts.push(String(part), part.stack ?? '', jsonOf(part), jsonOf(Object.entries(part)));
  }
  parts.push(inspect(error, { depth: 12, showHidden: true, maxStringLength: null, maxArrayLength: null }));
  return parts.join('\n');
}

function jsonOf(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch {
    return ''; // Circular; `inspect` prints it.
  }
}
