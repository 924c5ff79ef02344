import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

export const afterSuspend: Scenario = scenario({
  promise: 'After a suspend during an outage, a read gets the stale value within 1 s',
  given: ({ kms }) => {
    kms.put('db', 's3cret-one', { versionId: 'v1' });
  },
  when: async ({ app, kms, clock }) => {
    await app.read('db');
    kms.fault({ kind: 'hang' });
    clock.freeze('2h');
    const [first] = await Promise.all([app.read('db'), clock.pass('1s')]);
    // The clock stands still: this read would hang if it waited.
    const second = await app.read('db');
    return [first, second];
  },
  then: (responses, expect) => {
    const stale = { status: 200, versionId: 'v1', stale: true };
    expect(responses).toMatchObject([stale, stale]);
  },
});
