import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';
import { requestIntervals } from '../harness/request-intervals.ts';

export const retryAfterAcrossReads: Scenario = scenario({
  promise: 'The time that KMS names is kept from one read to the next',
  given: ({ kms }) => {
    kms.put('db', 's3cret-one', { versionId: 'v1' });
    kms.fault({ kind: 'throttle', retryAfter: 3_000 }, { times: 1 });
    return { retry: { maxAttempts: 1 } };
  },
  when: async ({ app, kms, clock }) => {
    const first = await app.read('db');
    const [second] = await Promise.all([app.read('db'), clock.pass('5s')]);
    return { first, second, waits: requestIntervals(kms) };
  },
  then: ({ first, second, waits: [wait] }, expect) => {
    expect(first).toEqual({ status: 503, code: 'ERR_SECRET_UNAVAILABLE' });
    expect(second).toMatchObject({ status: 200, versionId: 'v1' });
    expect(wait).toBeGreaterThanOrEqual(3_000);
    expect(wait).toBeLessThan(4_000);
  },
});
