// What KMS refused is not served again before KMS has given it: attacked by orders of events.
import { FakeClock, FakeStore, FakeTransport } from '@kms-secrets/testing';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { SecretClient } from './client.ts';
import { createSecretClient } from '../create-client.ts';
import { Secret } from '../secret/secret.ts';
import { FetchFailure } from '../ports/transport.ts';
import type { SecretRequest } from '../ports/transport.ts';

test('an answer from before a refusal, which comes after it, is for its reader and is not kept', async () => {
  const clock = new FakeClock();
  const kms = new FakeTransport();
  let answer = (_secret: Secret): void => {};
  kms.fetch = ({ stage }) =>
    stage === 'ACSPrevious'
      ? Promise.reject(new FetchFailure('denied', 'It is denied.'))
      : new Promise((resolve) => {
          answer = resolve;
        });
  const store = new FakeStore();
  const client = createSecretClient({ endpoints: [kms], clock, stores: store });
  const reading = client.get('db');
  await clock.pass(10);

  await client.get('db', { stage: 'ACSPrevious' }).catch(() => {});
  answer(new Secret({ name: 'db', versionId: 'v1', value: 's3cret-db', dataType: 'text' }));
  await clock.pass(10);

  expect((await reading).versionId).toBe('v1');
  expect(client.peek('db')).toBeUndefined();
  expect(store.size).toBe(0);
});

const acts = [
  ...(['get', 'refresh', 'invalidate'] as const),
  ...(['deny', 'allow', 'rotate', 'away', 'hang', 'back'] as const),
  ...(['break', 'mend', 'wait', 'waitLong', 'setBack', 'setRight'] as const),
];

interface Act {
  readonly kind: (typeof acts)[number];
  readonly who: number;
  readonly which: number;
}

const requests: readonly Partial<SecretRequest>[] = [{}, { stage: 'ACSPrevious' }];

/** Two processes, each with a store of its own and one that both share, and a KMS whose versions are numbers that grow. */
class World {
  readonly clock = new FakeClock();
  readonly kms = new FakeTransport();
  readonly stores: readonly FakeStore[];
  readonly clients: readonly SecretClient[];
  /** By process: the version that KMS had when it refused. What is served after that must be of a later one. */
  readonly refused = [0, 0];
  /** By process and request: the highest version that was read. */
  readonly #seen = new Map<string, number>();
  /** By how much the calendar is wrong, and whether it ever was: then nobody knows which of two entries is older. */
  #offset = 0;
  #wasSet = false;
  readonly unsettled = new Set<object>();
  readonly wrong: string[] = [];
  #version = 1;
  #turn = 0;

  constructor() {
    this.kms.put('db', '1');
    const shared = new FakeStore({ isShared: true, clock: this.clock });
    this.stores = [new FakeStore(), shared.join('one'), new FakeStore(), shared.join('two')];
    this.clients = [0, 1].map((index) => {
      const client = createSecretClient({
        endpoints: [this.kms],
        clock: this.clock,
        ttl: '1m',
        negativeTtl: '1s',
        retry: { maxAttempts: 1 },
        stores: this.stores.slice(2 * index, 2 * index + 2),
        hook: { transform: (secret) => this.#slowly(secret) },
      });
      client.on('failed', ({ error }) => {
        if (error.code === 'ERR_ACCESS_DENIED') this.refused[index] = this.#version;
      });
      return client;
    });
  }

  async act({ kind, who, which }: Act): Promise<void> {
    const client = this.clients[who];
    if (client === undefined) return;
    const { clock, kms, stores } = this;
    if (kind === 'get') this.#read(who, which, client.get('db', requests[which]));
    if (kind === 'refresh') this.#read(who, which, client.refresh('db', requests[which]));
    if (kind === 'invalidate') void client.invalidate('db');
    if (kind === 'deny') kms.fail('denied', 'db');
    if (kind === 'allow' || kind === 'rotate') kms.put('db', String((this.#version += 1)));
    if (kind === 'away') kms.fail('unreachable');
    if (kind === 'hang') kms.fail('hang');
    if (kind === 'back') kms.heal();
    if (kind === 'break') stores[2 * who + which]?.fail(this.#turn % 2 === 0 ? 'throw' : 'hang');
    if (kind === 'mend') for (const store of stores) store.heal();
    if (kind === 'setBack') this.#setCalendar(-3_600_000);
    if (kind === 'setRight') this.#setCalendar(-this.#offset);
    await clock.pass(kind === 'wait' ? '2s' : kind === 'waitLong' ? '50s' : 100);
  }

  #read(who: number, which: number, reading: Promise<Secret>): void {
    const key = `${who} ${which}`;
    const [refused, seen] = [this.refused[who] ?? 0, this.#seen.get(key) ?? 0];
    this.unsettled.add(reading);
    const settle = (): boolean => this.unsettled.delete(reading);
    reading.then(({ versionId }) => {
      const version = Number(versionId);
      settle();
      if (version <= refused) this.wrong.push(`process ${who} got ${version} after ${refused} was refused`);
      if (version < seen && !this.#wasSet) this.wrong.push(`process ${who} got ${version} after it had ${seen}`);
      this.#seen.set(key, Math.max(version, this.#seen.get(key) ?? 0));
    }, settle);
  }

  #setCalendar(by: number): void {
    this.#wasSet ||= by !== 0;
    this.#offset += by;
    this.clock.setDate(this.clock.date() + by);
  }

  /** Now and then it takes a while. */
  async #slowly(secret: Secret): Promise<Secret> {
    this.#turn += 1;
    if (this.#turn % 3 === 0) await new Promise<void>((resolve) => this.clock.setUnrefTimer(700, resolve));
    return secret;
  }
}

test('whatever happens, and in whatever order, what was refused is served again only after KMS has given it, and a read ends in time', async () => {
  const act = fc.record({
    kind: fc.constantFrom(...acts),
    who: fc.integer({ min: 0, max: 1 }),
    which: fc.integer({ min: 0, max: 1 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(act, { minLength: 10, maxLength: 40 }), async (all) => {
      const world = new World();
      for (const one of all) await world.act(one);
      await world.clock.pass('10s');
      expect(world.unsettled.size).toBe(0);
      for (const client of world.clients) void client.close();
      await world.clock.pass('10s');

      expect(world.wrong).toEqual([]);
      expect(world.clock.pendingTimers).toBe(0);
    }),
    { numRuns: 60 },
  );
});
