import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

const names = Array.from({ length: 10 }, (_, index) => `db-${index}`);

/** Steps through [0, 1), so that consecutive draws differ. */
function* spread(): Generator<number, never> {
  for (let index = 0; ; index += 1) yield (index * 0.37) % 1;
}

const draws = spread();

export const refreshJitter: Scenario = scenario({
  promise: 'Refreshes are spread over the last tenth of the TTL',
  random: () => draws.next().value,
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
  then: (delays, expect) => {
    expect(delays).toHaveLength(names.length);
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(90_000);
    expect(Math.min(...delays)).toBeLessThan(93_000);
    expect(Math.max(...delays)).toBeGreaterThan(95_000);
    expect(Math.max(...delays)).toBeLessThanOrEqual(100_000);
    expect(new Set(delays).size).toBeGreaterThan(names.length / 2);
  },
});
