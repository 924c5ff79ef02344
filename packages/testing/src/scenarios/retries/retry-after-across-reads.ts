import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';
import { requestIntervals } from '../harness/request-intervals.ts';

export const retryAfterAcrossReads: Scenario = scenario({
  promise: 'The retry-after time of KMS also applies to later reads',
  given: ({ kms }) => {
    kms.put('db', 's3cret-one', { versionId: 'v1' });
    kms.fault({ kind: 'throttle', retryAfter: 3_000 }, { times: 1 });
    return { retry: { maxAttempts: 1 } };
  },
  when: async ({ app, kms, clock }) => {
    const first = await app.read('db');
    const [second] = await Promise.all([app.read('db'), clock.pass('5s')]);
    return { first, second, intervals: requestIntervals(kms) };
  },
  then: ({ first, second, intervals: [interval] }, expect) => {
    expect(first).toEqual({ status: 503, code: 'ERR_SECRET_UNAVAILABLE' });
    expect(second).toMatchObject({ status: 200, versionId: 'v1' });
    expect(interval).toBeGreaterThanOrEqual(3_000);
    expect(interval).toBeLessThan(4_000);
  },
});
