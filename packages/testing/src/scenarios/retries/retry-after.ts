import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';
import { requestIntervals } from '../harness/request-intervals.ts';

export const retryAfter: Scenario = scenario({
  promise: 'A retry waits for the retry-after time of KMS',
  given: ({ kms }) => {
    kms.put('db', 's3cret-one', { versionId: 'v1' });
    kms.fault({ kind: 'throttle', retryAfter: 3_000 }, { times: 1 });
  },
  when: async ({ app, kms, clock }) => {
    const [response] = await Promise.all([app.read('db'), clock.pass('10s')]);
    return { response, intervals: requestIntervals(kms) };
  },
  then: ({ response, intervals: [interval] }, expect) => {
    expect(response).toMatchObject({ status: 200, versionId: 'v1' });
    expect(interval).toBeGreaterThanOrEqual(3_000);
    expect(interval).toBeLessThan(4_000);
  },
});
