// The order of events decides here, so the events come in random orders.
import { FakeClock, FakeStore, FakeTransport } from '@kms-secrets/testing';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Secret } from '../secret/secret.ts';
import type { SecretRequest } from '../secret/secret-request.ts';
import { hour, setUpClient } from './client.fixture.ts';
import type { SecretClient } from './client.ts';

/** An action that is listed twice is twice as likely. */
const actions = [
  ...(['get', 'get', 'get', 'get', 'refresh', 'refresh', 'invalidate'] as const),
  /** KMS: `rotate` also ends `deny`, and `recover` ends `disconnect` and `hang`. */
  ...(['deny', 'rotate', 'rotate', 'disconnect', 'disconnect', 'hang', 'recover', 'recover', 'recover'] as const),
  /** KMS denies a refresh of the process, and `negativeTtl` passes. */
  ...(['revoke', 'revoke', 'revoke'] as const),
  /** The second: a store that is read-only. */
  ...(['breakStore', 'breakChanges', 'breakChanges', 'breakChanges', 'repairStores'] as const),
  ...(['wait', 'waitLong', 'setDateBack', 'correctDate'] as const),
];

interface Step {
  readonly action: (typeof actions)[number];
  /** The process. */
  readonly index: number;
  /** The stage of a read, or the store of the process. */
  readonly which: number;
}

const step: fc.Arbitrary<Step> = fc.record({
  action: fc.constantFrom(...actions),
  index: fc.nat(1),
  which: fc.nat(1),
});

const stages: readonly Partial<SecretRequest>[] = [{}, { stage: 'ACSPrevious' }];

/**
 * Two processes, each with a store of its own and one that both share. The versions of KMS are increasing numbers: a read
 * must not return one that KMS had when it refused the secret, nor one before those that the process has read.
 */
class Simulation {
  readonly clock = new FakeClock();
  readonly kms = new FakeTransport();
  readonly stores: readonly FakeStore[];
  readonly clients: readonly SecretClient[];
  readonly pendingReads = new Set<object>();
  /** What reads returned and must not have returned. */
  readonly violations: string[] = [];
  /** Reads that began after a refusal. */
  readsAfterRefusal = 0;
  /** By process: the version that KMS had when it last refused the secret. */
  readonly #refused = [0, 0];
  /** By process and stage: the highest version that was read. */
  readonly #seen = new Map<string, number>();
  #version = 1;
  #transforms = 0;
  #dateOffset = 0;
  /** After the date was wrong, the order of two stored entries is unknown. */
  #wasDateWrong = false;

  constructor() {
    this.kms.put('db', '1');
    const shared = new FakeStore({ isShared: true, clock: this.clock });
    this.stores = [new FakeStore(), shared.join('one'), new FakeStore(), shared.join('two')];
    this.clients = [0, 1].map((index) => {
      const { client } = setUpClient({
        clock: this.clock,
        kms: this.kms,
        ttl: '1m',
        negativeTtl: '1s',
        retry: { maxAttempts: 1 },
        stores: this.stores.slice(2 * index, 2 * index + 2),
        hook: { transform: (secret) => this.#transform(secret) },
      });
      client.on('failed', ({ error }) => {
        if (error.code === 'ERR_ACCESS_DENIED') this.#refused[index] = this.#version;
      });
      return client;
    });
  }

  async run({ action, index, which }: Step): Promise<void> {
    const client = this.clients[index];
    if (client === undefined) return;
    const { clock, kms, stores } = this;
    if (action === 'get') this.#track(client.get('db', stages[which]), index, which);
    if (action === 'refresh') this.#track(client.refresh('db', stages[which]), index, which);
    if (action === 'invalidate') void client.invalidate('db');
    if (action === 'revoke') {
      kms.heal();
      kms.fail('denied', 'db');
      this.#track(client.refresh('db', stages[which]), index, which);
      await clock.pass('1s');
    }
    if (action === 'deny') kms.fail('denied', 'db');
    if (action === 'rotate') {
      this.#version += 1;
      kms.put('db', String(this.#version));
    }
    if (action === 'disconnect') kms.fail('unreachable');
    if (action === 'hang') kms.fail('hang');
    if (action === 'recover') kms.heal();
    if (action === 'breakStore') stores[2 * index + which]?.fail(this.#version % 2 === 0 ? 'throw' : 'hang');
    if (action === 'breakChanges') stores[2 * index + which]?.fail('throw', 'write', 'remove', 'removeAll');
    if (action === 'repairStores') for (const store of stores) store.heal();
    if (action === 'setDateBack') this.#moveDate(-hour);
    if (action === 'correctDate') this.#moveDate(-this.#dateOffset);
    await clock.pass(action === 'wait' ? '2s' : action === 'waitLong' ? '50s' : 100);
  }

  #track(read: Promise<Secret>, index: number, which: number): void {
    const key = `${index} ${which}`;
    const refused = this.#refused[index] ?? 0;
    const seen = this.#seen.get(key) ?? 0;
    if (refused > 0) this.readsAfterRefusal += 1;
    this.pendingReads.add(read);
    const settle = (): boolean => this.pendingReads.delete(read);
    read.then(({ versionId }) => {
      const version = Number(versionId);
      settle();
      if (version <= refused) this.violations.push(`process ${index} read ${version} after ${refused} was refused`);
      if (version < seen && !this.#wasDateWrong) {
        this.violations.push(`process ${index} read ${version} after ${seen}`);
      }
      this.#seen.set(key, Math.max(version, this.#seen.get(key) ?? 0));
    }, settle);
  }

  #moveDate(by: number): void {
    this.#wasDateWrong ||= by !== 0;
    this.#dateOffset += by;
    this.clock.setDate(this.clock.date() + by);
  }

  /** Every second call takes time, so that events happen in between. */
  async #transform(secret: Secret): Promise<Secret> {
    this.#transforms += 1;
    if (this.#transforms % 2 === 0) await new Promise<void>((resolve) => this.clock.setUnrefTimer(1_500, resolve));
    return secret;
  }
}

test('serves no refused version before KMS returns a later one, in any order', { timeout: 180_000 }, async () => {
  let readsAfterRefusal = 0;

  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 60 }), async (steps) => {
      const simulation = new Simulation();
      for (const each of steps) await simulation.run(each);
      await simulation.clock.pass('10s');
      // Every read ends within its deadline.
      expect(simulation.pendingReads.size).toBe(0);
      for (const client of simulation.clients) void client.close();
      await simulation.clock.pass('10s');

      expect(simulation.violations).toEqual([]);
      expect(simulation.clock.pendingTimers).toBe(0);
      readsAfterRefusal += simulation.readsAfterRefusal;
    }),
    { numRuns: 100 },
  );

  expect(readsAfterRefusal).toBeGreaterThan(100);
});
