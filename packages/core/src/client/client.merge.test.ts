import { FakeClock, FakeStore, FakeTransport } from '@kms-secrets/testing';
import fc from 'fast-check';
import { test } from 'vitest';
import { createSecretClient } from '../create-client.ts';
import type { StoredSecret } from '../ports/store.ts';

const request = { name: 'db', stage: 'ACSCurrent', versionId: undefined };

/** What can happen to one secret in a fleet of three, in any order. */
const step = fc.record({
  process: fc.integer({ min: 0, max: 2 }),
  act: fc.constantFrom('refresh', 'refresh', 'read', 'rotate', 'moveBack', 'oldCopy', 'news', 'restart', 'pass'),
  ms: fc.integer({ min: 1, max: 5_000 }),
});

test('in whatever order secrets land, from KMS, stores or others, nobody falls back to what was fetched earlier', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
      const clock = new FakeClock();
      const shared = new FakeStore({ isShared: true, clock });
      const kms = new FakeTransport();
      let version = 1;
      kms.put('db', 'v1');
      const open = (): { client: ReturnType<typeof createSecretClient>; store: FakeStore; seen: number } => {
        const store = shared.join();
        return { client: createSecretClient({ endpoints: [kms], clock, stores: store }), store, seen: 0 };
      };
      const processes = [open(), open(), open()];
      const copies: unknown[] = [];
      for (const { process, act, ms } of steps) {
        const at = processes[process] ?? open();
        if (act === 'refresh') await at.client.refresh('db');
        if (act === 'read') await at.client.get('db');
        if (act === 'rotate') kms.put('db', `v${(version += 1)}`);
        if (act === 'moveBack') kms.put('db', `v${Math.max((version -= 1), 1)}`);
        if (act === 'oldCopy' && copies[0] !== undefined) shared.put(request, copies[0]);
        if (act === 'news') at.store.emit({ kind: 'written', request, fetchedAt: clock.date() });
        if (act === 'restart') {
          await at.client.close();
          processes[process] = open();
        }
        await clock.pass(act === 'pass' ? ms : 1);
        const copy = shared.peek(request);
        if (copy !== undefined) copies.push(copy);
        for (const one of processes) {
          const [status] = one.client.describe().secrets;
          if (status === undefined) continue;
          const fetchedAt = clock.date() - status.age;
          if (fetchedAt < one.seen) return false;
          one.seen = fetchedAt;
        }
      }
      await processes[0]?.client.refresh('db');
      await clock.pass(10);
      const latest = kms.requests.length > 0 && (shared.peek(request) as StoredSecret).versionId;
      const versions = processes.flatMap(({ client }) => client.peek('db')?.versionId ?? []);
      await Promise.all(processes.map(({ client }) => client.close()));
      // After a refresh that all have heard of, all agree with the store, and with KMS.
      return versions.every((each) => each === latest);
    }),
    { numRuns: 12 },
  );
});
