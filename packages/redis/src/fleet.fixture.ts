import type { SecretStore, StoredSecret, StoreEvent } from '@kms-secrets/core';
import { Redis } from 'ioredis';
import { onTestFinished } from 'vitest';
import type { RedisStoreOptions } from './options.ts';
import { redisStore } from './redis-store.ts';
import { redisOfTest } from './redis-server.fixture.ts';
import type { RedisServer } from './redis-server.fixture.ts';

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

/** A store that a test listens to. */
export interface Listened {
  readonly store: SecretStore;
  readonly news: readonly StoreEvent[];
  /** Resolves when it has told so many things of this kind. */
  readonly told: (kind: StoreEvent['kind'], times?: number) => Promise<void>;
}

/** Listens; what is told is kept. */
export function listenTo(store: SecretStore): Listened {
  const news: StoreEvent[] = [];
  const waiting = new Set<() => void>();
  store.subscribe?.((item) => {
    news.push(item);
    for (const look of waiting) look();
  });
  return {
    store,
    news,
    told: (kind, times = 1) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (news.filter((item) => item.kind === kind).length < times) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
  };
}

/** A store that ends with the test. */
export function open(server: RedisServer, options: Partial<RedisStoreOptions> = {}): SecretStore {
  const store = redisStore({ url: server.url, key: firstKey, ...options });
  onTestFinished(() => store.close());
  return store;
}

/** Whoever looks at the server past the stores: an operator, or somebody who should not. */
export function stranger(server: RedisServer): Redis {
  const client = new Redis(server.port);
  client.on('error', () => {}); // it is there while servers are killed
  onTestFinished(() => client.disconnect());
  return client;
}

/** Resolves when so many connections hear what a fleet tells. */
export async function heardBy(admin: Redis, count: number, prefix = 'kms-secrets'): Promise<void> {
  for (let heard = -1; heard !== count;) {
    [, heard] = (await admin.call('PUBSUB', 'NUMSUB', `${prefix}:news`)) as [string, number];
  }
}

export async function fleet(
  options: Partial<RedisStoreOptions> = {},
): Promise<{ server: RedisServer; admin: Redis; one: SecretStore; other: Listened }> {
  const server = await redisOfTest();
  const admin = stranger(server);
  const one = open(server, options);
  const other = listenTo(open(server, options));
  await heardBy(admin, 1, options.prefix);
  return { server, admin, one, other };
}

/** The error a call ends with, in words. */
export async function messageOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'it went well',
    (error: unknown) => (error instanceof Error ? `${error.name}: ${error.message}` : 'no error'),
  );
}

/** The version that is kept: a failing test prints that, and no value. */
export async function versionIn(store: SecretStore, name: string): Promise<unknown> {
  return (await store.read({ name }))?.versionId;
}
