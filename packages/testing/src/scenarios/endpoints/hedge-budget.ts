import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';
import { requestIntervals } from '../harness/request-intervals.ts';

export const hedgeBudget: Scenario = scenario({
  promise: 'Hedge requests stay within their share of all fetches',
  regions: ['cn-hangzhou', 'cn-shanghai'],
  given: ({ kms }) => {
    for (let index = 0; index < 40; index += 1) kms.put(`db-${index}`, 's3cret-one');
    kms.fault({ kind: 'hang' }, { region: 'cn-hangzhou' });
    return { hedge: { delay: '100ms', share: 0.05 }, breaker: false };
  },
  when: async ({ app, kms, clock }) => {
    for (let index = 0; index < 40; index += 1) await Promise.all([app.read(`db-${index}`), clock.pass('4s')]);
    return requestIntervals(kms).filter((interval) => interval === 100).length;
  },
  // A burst of ten, and two more for forty reads. The other reads waited for attemptTimeout.
  then: (hedges, expect) => {
    expect(hedges).toBeGreaterThanOrEqual(10);
    expect(hedges).toBeLessThanOrEqual(12);
  },
});
