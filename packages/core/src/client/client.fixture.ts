import { FakeClock, FakeStore, FakeTransport } from '@kms-secrets/testing';
import { createSecretClient } from '../create-client.ts';
import type { SecretClientOptions } from '../options/options.ts';
import type { StoredSecret } from '../ports/store.ts';
import type { SecretEventName, SecretEvents } from '../secret/events.ts';
import type { SecretRequest } from '../secret/secret-request.ts';
import type { SecretClient } from './client.ts';

export interface ClientFixture {
  readonly client: SecretClient;
  readonly clock: FakeClock;
  /** The primary endpoint. */
  readonly kms: FakeTransport;
  /** The second endpoint. The client uses it only with `hasFallback`. */
  readonly fallback: FakeTransport;
  /** The client uses it only with `hasStore` or `store`. */
  readonly store: FakeStore;
  /** The log lines, as `level message`. */
  readonly lines: readonly string[];
  /** The events of that name so far. */
  readonly events: <Name extends SecretEventName>(name: Name) => readonly SecretEvents[Name][];
}

export interface ClientFixtureOptions extends SecretClientOptions {
  readonly clock?: FakeClock;
  /** The secrets that the endpoints have, in version `v1`. */
  readonly names?: readonly string[];
  readonly hasFallback?: boolean;
  readonly hasStore?: boolean;
  readonly store?: FakeStore;
}

/** A client on a fake clock and fake endpoints. */
export function setUpClient(fixtureOptions: ClientFixtureOptions = {}): ClientFixture {
  const { clock = new FakeClock(), names = ['db'], hasFallback = false, hasStore = false, ...rest } = fixtureOptions;
  const { store = new FakeStore(), ...options } = rest;
  const kms = new FakeTransport();
  const fallback = new FakeTransport('kms.fallback');
  for (const name of names) {
    kms.put(name, 'v1');
    fallback.put(name, 'v1');
  }
  const lines: string[] = [];
  const client = createSecretClient({
    endpoints: hasFallback ? [kms, fallback] : [kms],
    clock,
    logger: collectLines(lines),
    ...(hasStore || rest.store !== undefined ? { stores: store } : {}),
    ...options,
  });
  return { client, clock, kms, fallback, store, lines, events: collectEvents(client) };
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

/** The request that `client.get('db')` makes. */
export const dbRequest: SecretRequest = { name: 'db', stage: 'ACSCurrent', versionId: undefined };

/** One hour in milliseconds. */
export const hour = 3_600_000;

function collectLines(lines: string[]): Required<NonNullable<SecretClientOptions['logger']>> {
  const write = (level: string) => (message: string) => void lines.push(`${level} ${message}`);
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
}

const eventNames: readonly SecretEventName[] = [
  'refreshed',
  'rotated',
  'stale',
  'failed',
  'dropped',
  'store',
  'endpoint',
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
