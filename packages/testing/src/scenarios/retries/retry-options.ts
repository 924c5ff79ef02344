import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';
import { requestIntervals } from '../harness/request-intervals.ts';

export const retryOptions: Scenario = scenario({
  promise: 'Attempts and backoff are configurable',
  given: ({ kms }) => {
    kms.fault({ kind: 'throttle' });
    return { retry: { maxAttempts: 4, baseDelay: '2s', maxDelay: '3s' }, deadline: '1m' };
  },
  when: async ({ app, kms, clock }) => {
    await Promise.all([app.read('db'), clock.pass('1m')]);
    return requestIntervals(kms);
  },
  then: (intervals, expect) => expect(intervals).toEqual([1_000, 1_500, 1_500]),
});
