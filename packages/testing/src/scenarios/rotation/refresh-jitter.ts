import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

const names = Array.from({ length: 10 }, (_, index) => `db-${index}`);

/** Steps through all of [0, 1), so that two who ask after one another never draw the same. */
function* spread(): Generator<number, never> {
  for (let turn = 0; ; turn += 1) yield (turn * 0.37) % 1;
}

const chances = spread();

export const refreshJitter: Scenario = scenario({
  promise: 'Refreshes are spread over the last tenth of the TTL',
  random: () => chances.next().value,
  given: ({ kms }) => {
    for (const name of names) kms.put(name, 's3cret-one');
    return { ttl: '100s' };
  },
  when: async ({ app, kms, clock }) => {
    await Promise.all(names.map((name) => app.read(name)));
    const start = clock.date();
    kms.clearRequests();
    await clock.pass('100s');
    return kms.requests.map(({ at }) => at - start);
  },
  then: (moments, expect) => {
    expect(moments).toHaveLength(names.length);
    expect(Math.min(...moments)).toBeGreaterThanOrEqual(90_000);
    expect(Math.max(...moments)).toBeLessThanOrEqual(100_000);
    expect(new Set(moments).size).toBeGreaterThan(names.length / 2);
  },
});
