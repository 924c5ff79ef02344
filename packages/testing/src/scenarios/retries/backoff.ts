import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';
import { requestIntervals } from '../harness/request-intervals.ts';

export const backoff: Scenario = scenario({
  promise: 'A fetch makes five attempts with exponential backoff and full jitter',
  random: () => 0.3,
  given: ({ kms }) => {
    kms.fault({ kind: 'throttle' });
  },
  when: async ({ app, kms, clock }) => {
    const [response] = await Promise.all([app.read('db'), clock.pass('10s')]);
    return { response, intervals: requestIntervals(kms) };
  },
  then: ({ response, intervals }, expect) => {
    expect(response).toEqual({ status: 503, code: 'ERR_SECRET_UNAVAILABLE' });
    // 0.3 of 250, 500, 1000 and 2000 ms: full jitter draws from the whole range, which spreads a fleet.
    expect(intervals).toEqual([75, 150, 300, 600]);
  },
});
