import { inspect } from 'node:util';
import type { Credentials, FailureName, Secret, SecretRequest, SecretTransport } from '@kms-secrets/core';
import { expect } from 'vitest';

import { startFakeKms } from '../fake-kms/index.ts';
import type { FakeEndpoint, FakeKms, GatewayKind } from '../fake-kms/index.ts';
import type { Clause } from './contract.ts';

/**
 * Opens a transport that asks one endpoint of the fake KMS, over TLS that `kms.caFilePath` vouches for, as whoever
 * `credentials` are, or with a client key of `kms`. Its clock is the machine's.
 */
export type OpenTransport = (
  endpoint: FakeEndpoint,
  kms: FakeKms,
  credentials: Credentials,
) => Promise<SecretTransport> | SecretTransport;

/** Where a transport asks, and what it cannot do by its nature: for that, the contract expects something else of it. */
export interface TransportSetting {
  /** A region's shared gateway, or a KMS instance in it. `shared` when left out. */
  readonly gateway?: GatewayKind;
  /**
   * It asks by a client of somebody else's, which tells neither the status of an answer that is not JSON nor any header,
   * takes replies of any length, keeps its own sockets, and goes on with a request that nobody waits for any more.
   */
  readonly isOverSdk?: boolean;
}

/** A transport to be tried, and how. */
export interface TransportSubject extends TransportSetting {
  readonly open: OpenTransport;
}

/** A transport, and the fake KMS it asks. */
export interface TransportStage {
  readonly kms: FakeKms;
  readonly transport: SecretTransport;
  readonly isOverSdk: boolean;
  /** One attempt; its signal never fires unless one is given. */
  readonly fetch: (request: SecretRequest, signal?: AbortSignal) => Promise<Secret>;
  /** One attempt that must fail; what it rejected with, in which nothing may be secret. */
  readonly fail: (request?: SecretRequest, signal?: AbortSignal) => Promise<Failure>;
}

/** What an attempt rejected with, as far as it has the fields of a `FetchFailure`. */
export interface Failure {
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

/** A clause about a transport at a fake KMS of its own; both are closed after it, whatever happens. */
export function clause(name: string, check: (stage: TransportStage) => Promise<void>): Clause<TransportSubject> {
  return { name, check: (subject) => onStage(subject, {}, check) };
}

/** The same, asking with temporary credentials. */
export function clauseAsTemporary(
  name: string,
  check: (stage: TransportStage) => Promise<void>,
): Clause<TransportSubject> {
  const credentials = {
    accessKeyId: 'STS.FakeTemporaryKeyId',
    accessKeySecret: 'FakeTemporaryKeySecret',
    securityToken,
  };
  return { name, check: (subject) => onStage(subject, { credentials }, check) };
}

async function onStage(
  { open, gateway = 'shared', isOverSdk = false }: TransportSubject,
  given: { readonly credentials?: Required<Credentials> },
  check: (stage: TransportStage) => Promise<void>,
): Promise<void> {
  // The second region is where a redirect would lead.
  await using kms = await startFakeKms({
    regions: [region, 'cn-shanghai'],
    ...(gateway === 'instance' && { instances: [instance] }),
    quota: false,
  });
  if (given.credentials !== undefined) addTemporary(kms, given.credentials);
  const credentials: Credentials = given.credentials ?? kms.accessKey;
  const transport = await open(kms.endpoint(gateway === 'shared' ? region : instance), kms, credentials);
  const fetch = (request: SecretRequest, signal = new AbortController().signal): Promise<Secret> =>
    transport.fetch(request, signal);
  const fail = (request: SecretRequest = { name: 'db' }, signal?: AbortSignal): Promise<Failure> => {
    const failing = fetch(request, signal).then(
      () => expect.fail('The attempt was to fail, and did not.'),
      (error: unknown) => {
        expectNothingSecret(error, credentials);
        return failureOf(error);
      },
    );
    failing.catch(() => {}); // a clause may have other things to wait for first
    return failing;
  };
  try {
    await check({ kms, transport, isOverSdk, fetch, fail });
  } finally {
    await transport.close();
  }
}

function addTemporary(kms: FakeKms, credentials: Required<Credentials>): void {
  const { accessKeyId, accessKeySecret } = credentials;
  kms.addStsKey({ accessKeyId, accessKeySecret, securityToken, expiresAt: kms.clock.date() + 3_600_000 });
}

function failureOf(error: unknown): Failure {
  const field = (name: string): unknown =>
    typeof error === 'object' && error !== null ? Reflect.get(error, name) : undefined;
  return {
    failure: field('failure') as FailureName | undefined, // compared with the names there are, by whoever asked
    code: field('code'),
    status: field('status'),
    requestId: field('requestId'),
    retryAfter: field('retryAfter'),
    error,
  };
}

/** Compared as booleans: a failing test must not print what it found either. */
function expectNothingSecret(error: unknown, credentials: Credentials): void {
  const text = everythingIn(error);
  const secrets = {
    'a value': 's3cret-',
    'an access key id': credentials.accessKeyId,
    'an access key secret': credentials.accessKeySecret,
    'a token': securityToken,
  };
  for (const [what, secret] of Object.entries(secrets))
    expect(text.includes(secret), `an error shows ${what}`).toBe(false);
  expect(/Signature(?:=|%3d|":|: )|ACS3-HMAC/iu.test(text), 'an error shows a signature').toBe(false);
}

/** Message, stack, causes and hidden fields, as every way of printing shows them. */
function everythingIn(error: unknown): string {
  const parts: string[] = [];
  const seen = new Set<unknown>();
  for (let part: unknown = error; part instanceof Error && !seen.has(part); part = part.cause) {
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
    return ''; // a circle: inspect has shown it
  }
}
