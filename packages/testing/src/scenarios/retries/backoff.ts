import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';
import { requestIntervals } from '../harness/request-intervals.ts';

export const backoff: Scenario = scenario({
  promise: 'KMS is asked five times and the waits between are drawn from zero to a growing bound',
  random: () => 0.3,
  given: ({ kms }) => {
    kms.fault({ kind: 'throttle' });
  },
  when: async ({ app, kms, clock }) => {
    const [answer] = await Promise.all([app.read('db'), clock.pass('10s')]);
    return { answer, waits: requestIntervals(kms) };
  },
  then: ({ answer, waits: between }, expect) => {
    expect(answer).toEqual({ status: 503, code: 'ERR_SECRET_UNAVAILABLE' });
    // 0.3 of 250, 500, 1000 and 2000 ms: chance decides over the whole wait, which is what spreads a fleet.
    expect(between).toEqual([75, 150, 300, 600]);
  },
});
