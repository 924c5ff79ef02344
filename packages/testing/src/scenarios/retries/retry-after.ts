import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';
import { requestIntervals } from '../harness/request-intervals.ts';

export const retryAfter: Scenario = scenario({
  promise: 'KMS is not asked again before the time it names',
  given: ({ kms }) => {
    kms.put('db', 's3cret-one', { versionId: 'v1' });
    kms.fault({ kind: 'throttle', retryAfter: 3_000 }, { times: 1 });
  },
  when: async ({ app, kms, clock }) => {
    const [answer] = await Promise.all([app.read('db'), clock.pass('10s')]);
    return { answer, waits: requestIntervals(kms) };
  },
  then: ({ answer, waits: [wait] }, expect) => {
    expect(answer).toMatchObject({ status: 200, versionId: 'v1' });
    expect(wait).toBeGreaterThanOrEqual(3_000);
    expect(wait).toBeLessThan(4_000);
  },
});
