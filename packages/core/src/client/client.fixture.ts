import { readFileSync } from 'node:fs';
import { FakeClock, FakeStore, FakeTransport, startFakeKms } from '@kms-secrets/testing';
import type { FakeKms, FakeKmsOptions } from '@kms-secrets/testing';
import { onTestFinished } from 'vitest';
import type { ConfigurationMachine } from '../config/environment.ts';
import { createSecretClient } from '../create-client.ts';
import type { SecretClientOptions } from '../options/options.ts';
import type { Logger } from '../ports/logger.ts';
import type { StoredSecret } from '../ports/store.ts';
import type { SecretEventName, SecretEvents } from '../secret/events.ts';
import { Secret } from '../secret/secret.ts';
import type { SecretRequest } from '../secret/secret-request.ts';
import type { Duration } from '../time/duration.ts';
import type { SecretClient } from './client.ts';

export interface ClientFixture {
  readonly client: SecretClient;
  readonly clock: FakeClock;
  /** The primary endpoint. */
  readonly kms: FakeTransport;
  /** The second endpoint. The client uses it only with `hasFallback`. */
  readonly fallback: FakeTransport;
  /** The client uses it only with the option `store`. */
  readonly store: FakeStore;
  /** The log lines, as `level message`. */
  readonly lines: readonly string[];
  /** The events of that name so far. */
  readonly events: <Name extends SecretEventName>(name: Name) => readonly SecretEvents[Name][];
}

export interface ClientFixtureOptions extends SecretClientOptions {
  readonly clock?: FakeClock;
  /** An endpoint that the test made, instead of one that has `names`. */
  readonly kms?: FakeTransport;
  /** The secrets that the endpoints have, in version `v1`. */
  readonly names?: readonly string[];
  readonly hasFallback?: boolean;
  readonly store?: FakeStore;
}

/** A client on a fake clock and fake endpoints. */
export function setUpClient(fixtureOptions: ClientFixtureOptions = {}): ClientFixture {
  const { clock = new FakeClock(), names = ['db'], hasFallback = false, store, ...rest } = fixtureOptions;
  const { kms = fakeEndpoint('kms.example', names), ...options } = rest;
  const fallback = fakeEndpoint('kms.fallback', names);
  const { logger, lines } = collectLog();
  const client = createSecretClient({
    endpoints: hasFallback ? [kms, fallback] : [kms],
    clock,
    logger,
    stores: store ?? [],
    ...options,
  });
  return { client, clock, kms, fallback, store: store ?? new FakeStore(), lines, events: collectEvents(client) };
}

/** A client with a TTL of five minutes that has read `db`. */
export async function setUpWarmClient(options: ClientFixtureOptions = {}): Promise<ClientFixture> {
  const fixture = setUpClient({ ttl: '5m', ...options });
  await fixture.client.get('db');
  return fixture;
}

/** A client with a store. Every fetch makes one attempt, so that an outage takes no time. */
export function setUpClientWithStore(options: ClientFixtureOptions = {}): ClientFixture {
  return setUpClient({ store: new FakeStore(), retry: { maxAttempts: 1 }, ...options });
}

export interface FleetFixture {
  readonly clock: FakeClock;
  readonly kms: FakeTransport;
  /** The store that the processes share, as a further process uses it: its changes notify them, its `emit` does not. */
  readonly shared: FakeStore;
  readonly processes: readonly ClientFixture[];
  /** The process at an index. Throws if there is none. */
  readonly process: (index: number) => ClientFixture;
  /** Starts a process that is not in `processes`. */
  readonly start: () => ClientFixture;
}

/** Processes that share a clock, an endpoint and a store. Each process draws other random numbers. */
export function setUpFleet(
  size: number,
  fleetOptions: Omit<ClientFixtureOptions, 'clock' | 'kms' | 'store' | 'stores'> & { readonly uptime?: Duration } = {},
): FleetFixture {
  const { uptime = 0, ...options } = fleetOptions;
  const clock = new FakeClock({ random: evenlySpread(), uptime });
  const kms = fakeEndpoint('kms.example', options.names ?? ['db']);
  const shared = new FakeStore({ isShared: true, clock });
  let started = 0;
  const start = (): ClientFixture => {
    const store = shared.join(`process ${started}`);
    started += 1;
    return setUpClient({ clock, kms, store, ttl: '10m', idleTtl: 0, ...options });
  };
  const processes = Array.from({ length: size }, start);
  const process = (index: number): ClientFixture => {
    const found = processes[index];
    if (found === undefined) throw new RangeError(`There is no process ${index}.`);
    return found;
  };
  return { clock, kms, shared, processes, process, start };
}

/** An endpoint that has these secrets in version `v1`. */
export function fakeEndpoint(endpoint: string, names: readonly string[]): FakeTransport {
  const transport = new FakeTransport(endpoint);
  for (const name of names) transport.put(name, 'v1');
  return transport;
}

/** Numbers in [0, 1) for `random` of a `FakeClock`: the same in every run, and evenly spread. */
export function evenlySpread(): () => number {
  let calls = 0;
  return () => ((calls += 1) * 0.618_034) % 1;
}

/** A secret as a store has it. `age` is the time since its fetch in milliseconds. */
export function storedSecret(
  clock: FakeClock,
  fields: Partial<StoredSecret> & { readonly age?: number } = {},
): StoredSecret {
  const { age = 0, ...rest } = fields;
  return {
    name: 'db',
    versionId: 'v0',
    stages: ['ACSCurrent'],
    type: 'Generic',
    dataType: 'text',
    value: 's3cret-stored',
    fetchedAt: clock.date() - age,
    ...rest,
  };
}

/** The events of the stores, such as `failed read db`, `unavailable write db` or `recovered`. */
export function storeEvents({ events }: ClientFixture): readonly string[] {
  return events('store').map(({ kind, operation, name }) =>
    [kind, operation, name].filter((part) => part !== undefined).join(' '),
  );
}

/** The request that `client.get('db')` makes. */
export const dbRequest: SecretRequest = { name: 'db', stage: 'ACSCurrent', versionId: undefined };

/** Secrets named `db` of two accounts. */
export const ownArn = 'acs:kms:cn-hangzhou:1234567890123456:secret/db';
export const foreignArn = 'acs:kms:cn-hangzhou:9999999999999999:secret/db';

/** Different secrets of one name, in pairs. */
export const secretsOfOneName: readonly (readonly [string, string])[] = [
  ['db', foreignArn],
  [foreignArn, 'db'],
  [foreignArn, ownArn],
];

/** One hour in milliseconds. */
export const hour = 3_600_000;

/** A promise that the test settles. */
export interface Deferred<Value> {
  readonly promise: Promise<Value>;
  readonly resolve: (value: Value) => void;
  readonly reject: (reason: Error) => void;
}

export function deferred<Value = void>(): Deferred<Value> {
  let resolve: Deferred<Value>['resolve'] = () => {};
  let reject: Deferred<Value>['reject'] = () => {};
  const promise = new Promise<Value>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}

/** Makes `kms` wait for the test: returns the responses, which the test settles, in the order of the requests after this call. */
export function holdResponses(kms: FakeTransport): readonly Deferred<Secret>[] {
  const responses: Deferred<Secret>[] = [];
  kms.fetch = () => {
    const response = deferred<Secret>();
    responses.push(response);
    return response.promise;
  };
  return responses;
}

/** The secret `db` in a version. */
export function dbSecret(versionId: string): Secret {
  return new Secret({ name: 'db', versionId, value: `s3cret-db-${versionId}`, dataType: 'text' });
}

/** A logger, and its lines as `level message`. */
export function collectLog(): { readonly logger: Required<Logger>; readonly lines: readonly string[] } {
  const lines: string[] = [];
  const write = (level: string) => (message: string) => void lines.push(`${level} ${message}`);
  return { logger: { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') }, lines };
}

/** A KMS on loopback, closed after the test, that has `secrets` by name and value in version `v1`. */
export async function startKms(
  secrets: Readonly<Record<string, string>>,
  options: FakeKmsOptions = {},
): Promise<FakeKms> {
  const kms = await startFakeKms(options);
  onTestFinished(() => kms.close());
  for (const [name, value] of Object.entries(secrets)) kms.put(name, value, { versionId: 'v1' });
  return kms;
}

/**
 * Options for a test that counts requests over real sockets by the real clock: on a busy machine a handshake takes seconds. No timeout
 * and no hedge ends an attempt.
 */
export const busyMachine = {
  connectTimeout: '50s',
  attemptTimeout: '50s',
  deadline: '50s',
  hedge: false,
} as const satisfies SecretClientOptions;

/** A machine with these environment variables, and these files by their path in its working directory. */
export function fakeMachine(
  environment: Readonly<Record<string, string>> = {},
  files: Readonly<Record<string, string>> = {},
): ConfigurationMachine {
  return {
    environment,
    workingDirectory: () => '/app',
    readFile(path) {
      const text = files[path.replace('/app/', '')];
      return text === undefined ? readFileSync(path) : new TextEncoder().encode(text);
    },
  };
}

const eventNames: readonly SecretEventName[] = [
  'refreshed',
  'rotated',
  'rotationMissed',
  'stale',
  'failed',
  'dropped',
  'store',
  'endpoint',
  'identity',
  'expiring',
  'breaker',
];

function collectEvents(client: SecretClient): ClientFixture['events'] {
  const events = new Map<SecretEventName, unknown[]>();
  for (const name of eventNames) {
    const ofName: unknown[] = [];
    events.set(name, ofName);
    client.on(name, (event) => ofName.push(event));
  }
  return <Name extends SecretEventName>(name: Name) => (events.get(name) ?? []) as SecretEvents[Name][]; // filled above
}
