import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { StoredSecret } from '../ports/store.ts';
import { dbRequest, setUpFleet } from './client.fixture.ts';
import type { ClientFixture } from './client.fixture.ts';

const size = 3;

/** An action that is listed twice is twice as likely. */
const actions = [
  ...(['refresh', 'refresh', 'read', 'restart', 'pass'] as const),
  /** KMS changes its version. */
  ...(['rotate', 'rollBack'] as const),
  /** The shared store gets an old entry back, notifies a process although nothing changed, or both. */
  ...(['restoreOldEntry', 'emitWritten', 'offerOldEntry', 'offerOldEntry'] as const),
];

interface Step {
  readonly index: number;
  readonly action: (typeof actions)[number];
  readonly ms: number;
}

const step: fc.Arbitrary<Step> = fc.record({
  index: fc.nat(size - 1),
  action: fc.constantFrom(...actions),
  ms: fc.integer({ min: 1, max: 5_000 }),
});

/** Processes that share a store. Every process has a value at every step. */
class Simulation {
  readonly #fleet = setUpFleet(size);
  readonly #processes = [...this.#fleet.processes];
  /** By process: when the latest value that it had was fetched (date). */
  readonly #latest = this.#processes.map(() => 0);
  /** Every entry that the store had. */
  readonly #entries: StoredSecret[] = [];
  #newestVersion = 1;
  #version = 1;
  readonly violations: string[] = [];
  /** How often a process was notified of an entry older than its own. */
  olderEntries = 0;

  async start(): Promise<void> {
    for (const process of this.#processes) await process.client.get('db');
    await this.#check(1);
  }

  async run({ index, action, ms }: Step): Promise<void> {
    const { client, store } = this.#process(index);
    if (action === 'refresh') await client.refresh('db');
    if (action === 'read') await client.get('db');
    if (action === 'restart') await this.#restart(index);
    if (action === 'rotate') {
      this.#newestVersion += 1;
      this.#version = this.#newestVersion;
    }
    if (action === 'rollBack') this.#version = Math.max(this.#version - 1, 1);
    this.#fleet.kms.put('db', `v${this.#version}`);
    if (action === 'restoreOldEntry' || action === 'offerOldEntry') {
      this.#fleet.shared.put(dbRequest, this.#entries[ms % this.#entries.length]);
    }
    if (action === 'emitWritten' || action === 'offerOldEntry') {
      if (this.#stored().fetchedAt < this.#fetchedAt(index)) this.olderEntries += 1;
      store.emit({ kind: 'written', request: dbRequest, fetchedAt: this.#fleet.clock.date() });
    }
    await this.#check(action === 'pass' ? ms : 1);
  }

  /** After a refresh of which all are notified, all have the version of KMS. */
  async end(): Promise<void> {
    await this.#process(0).client.refresh('db');
    await this.#check(10);
    const versions = this.#processes.map(({ client }) => client.peek('db')?.versionId);
    await Promise.all(this.#processes.map(({ client }) => client.close()));
    for (const version of [this.#stored().versionId, ...versions]) {
      if (version !== `v${this.#version}`)
        this.violations.push(`${version} is not the version of KMS, v${this.#version}`);
    }
  }

  async #check(ms: number): Promise<void> {
    await this.#fleet.clock.pass(ms);
    this.#entries.push(this.#stored());
    for (const index of this.#processes.keys()) {
      const fetchedAt = this.#fetchedAt(index);
      const latest = this.#latest[index] ?? 0;
      if (fetchedAt < latest) this.violations.push(`process ${index} went back by ${latest - fetchedAt} ms`);
      this.#latest[index] = fetchedAt;
    }
  }

  async #restart(index: number): Promise<void> {
    await this.#process(index).client.close();
    const process = this.#fleet.start();
    this.#processes[index] = process;
    this.#latest[index] = 0;
    await process.client.get('db');
  }

  #process(index: number): ClientFixture {
    const process = this.#processes[index];
    if (process === undefined) throw new RangeError(`There is no process ${index}.`);
    return process;
  }

  #fetchedAt(index: number): number {
    const status = this.#process(index).client.statusOf('db');
    if (status?.age === undefined) throw new Error(`Process ${index} has no value.`);
    return this.#fleet.clock.date() - status.age;
  }

  #stored(): StoredSecret {
    return this.#fleet.shared.peek(dbRequest) as StoredSecret; // always there after the first read
  }
}

test('no process returns to an earlier fetch, in any order of events', async () => {
  let olderEntries = 0;

  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
      const simulation = new Simulation();
      await simulation.start();
      for (const each of steps) await simulation.run(each);
      await simulation.end();
      expect(simulation.violations).toEqual([]);
      olderEntries += simulation.olderEntries;
    }),
    { numRuns: 50 },
  );

  expect(olderEntries).toBeGreaterThan(30);
});
