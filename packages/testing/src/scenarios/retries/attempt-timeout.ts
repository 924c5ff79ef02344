import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';
import { requestIntervals } from '../harness/request-intervals.ts';

export const attemptTimeout: Scenario = scenario({
  promise: 'One try ends at its timeout and the next begins',
  given: ({ kms }) => {
    kms.put('db', 's3cret-one', { versionId: 'v1' });
    kms.fault({ kind: 'hang' }, { times: 1 });
    return { attemptTimeout: '3s' };
  },
  when: async ({ app, kms, clock }) => {
    const [answer] = await Promise.all([app.read('db'), clock.pass('4s')]);
    return { answer, waits: requestIntervals(kms) };
  },
  then: ({ answer, waits: [wait] }, expect) => {
    expect(answer).toMatchObject({ status: 200, versionId: 'v1' });
    expect(wait).toBeGreaterThanOrEqual(3_000);
    expect(wait).toBeLessThanOrEqual(3_250);
  },
});
