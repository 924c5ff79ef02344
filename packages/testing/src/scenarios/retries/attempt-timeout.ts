import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';
import { requestIntervals } from '../harness/request-intervals.ts';

export const attemptTimeout: Scenario = scenario({
  promise: 'An attempt ends at attemptTimeout, and the next one starts',
  given: ({ kms }) => {
    kms.put('db', 's3cret-one', { versionId: 'v1' });
    kms.fault({ kind: 'hang' }, { times: 1 });
    return { attemptTimeout: '3s' };
  },
  when: async ({ app, kms, clock }) => {
    const [response] = await Promise.all([app.read('db'), clock.pass('4s')]);
    return { response, intervals: requestIntervals(kms) };
  },
  then: ({ response, intervals: [interval] }, expect) => {
    expect(response).toMatchObject({ status: 200, versionId: 'v1' });
    expect(interval).toBeGreaterThanOrEqual(3_000);
    expect(interval).toBeLessThanOrEqual(3_250);
  },
});
