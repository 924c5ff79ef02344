import type { SecretStore, StoredSecret, StoreEvent } from '@kms-secrets/core';
import { Redis } from 'ioredis';
import { expect, onTestFinished } from 'vitest';
import type { RedisStoreOptions } from './options.ts';
import { redisStore } from './redis-store.ts';
import { redisOfTest } from './redis-server.fixture.ts';
import type { RedisServer } from './redis-server.fixture.ts';

/** Ends a wait of a test, before the test's own limit would end it without a message (ms). */
const waitLimit = 30_000;

export const [firstKey, secondKey] = ['a1b2c3d4'.repeat(8), '12ab34cd'.repeat(8)] as const;

export function stored(fields: Partial<StoredSecret> = {}): StoredSecret {
  return {
    name: 'db',
    versionId: 'v1',
    stages: ['ACSCurrent'],
    type: 'Generic',
    dataType: 'text',
    value: 's3cret-one',
    createdAt: 1_767_323_045_000,
    fetchedAt: 1_767_323_046_000,
    ...fields,
  };
}

/** A store and the events that it has emitted. */
export interface Subscribed {
  readonly store: SecretStore;
  readonly events: readonly StoreEvent[];
  /** Resolves when the store has emitted this many events of this kind. */
  readonly emitted: (kind: StoreEvent['kind'], count?: number) => Promise<void>;
}

export function subscribeTo(store: SecretStore): Subscribed {
  const events: StoreEvent[] = [];
  const checks = new Set<() => void>();
  store.subscribe?.((event) => {
    events.push(event);
    for (const check of checks) check();
  });
  return {
    store,
    events,
    emitted: (kind, count = 1) =>
      new Promise((resolve, reject) => {
        const giveUp = (): void => {
          const kinds = events.map((event) => event.kind).join(', ') || 'nothing';
          reject(new Error(`Expected the event "${kind}" ${count} times within ${waitLimit} ms. Emitted: ${kinds}.`));
        };
        const timer = setTimeout(giveUp, waitLimit);
        const check = (): void => {
          if (events.filter((event) => event.kind === kind).length < count) return;
          clearTimeout(timer);
          checks.delete(check);
          resolve();
        };
        checks.add(check);
        check();
      }),
  };
}

/** A store that is closed after the test. On a busy machine, Redis may take longer than the default timeout. */
export function openStore(server: RedisServer, options: Partial<RedisStoreOptions> = {}): SecretStore {
  const store = redisStore({ url: server.url, key: firstKey, timeout: waitLimit, ...options });
  onTestFinished(() => store.close());
  return store;
}

/** A plain client of the server, for an operator or an attacker. */
export function connectTo(server: RedisServer): Redis {
  const client = new Redis(server.port);
  client.on('error', () => {}); // tests kill the server
  onTestFinished(() => client.disconnect());
  return client;
}

/** The messages of a channel, as an attacker on the server receives them: on another connection than the stores. */
export async function messagesOf(server: RedisServer, channel: string): Promise<readonly Buffer[]> {
  const messages: Buffer[] = [];
  const spy = connectTo(server);
  spy.on('messageBuffer', (_, message: Buffer) => messages.push(message));
  await spy.subscribe(channel);
  return messages;
}

/** Resolves when the channel has this many subscribers. */
export async function subscribers(admin: Redis, count: number, prefix = 'kms-secrets'): Promise<void> {
  const current = async (): Promise<unknown> => {
    const [, subscribed] = (await admin.call('PUBSUB', 'NUMSUB', `${prefix}:news`)) as [string, number];
    return subscribed;
  };
  await expect.poll(current).toBe(count);
}

/** Two stores on a server of their own. The second one is subscribed. */
export async function fleet(
  options: Partial<RedisStoreOptions> = {},
): Promise<{ server: RedisServer; admin: Redis; one: SecretStore; other: Subscribed }> {
  const server = await redisOfTest();
  const admin = connectTo(server);
  const one = openStore(server, options);
  const other = subscribeTo(openStore(server, options));
  await subscribers(admin, 1, options.prefix);
  return { server, admin, one, other };
}

/** The name and message of the error that a promise rejects with. */
export async function messageOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'resolved',
    (error: unknown) => (error instanceof Error ? `${error.name}: ${error.message}` : 'not an error'),
  );
}

/** The stored version, so that a failing test prints no value. */
export async function versionIn(store: SecretStore, name: string): Promise<unknown> {
  return (await store.read({ name }))?.versionId;
}
