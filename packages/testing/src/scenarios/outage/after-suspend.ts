import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

export const afterSuspend: Scenario = scenario({
  promise: 'After a frozen time without KMS the old value is served within a second',
  given: ({ kms }) => {
    kms.put('db', 's3cret-one', { versionId: 'v1' });
  },
  when: async ({ app, kms, clock }) => {
    await app.read('db');
    kms.fault({ kind: 'hang' });
    clock.freeze('2h');
    const [first] = await Promise.all([app.read('db'), clock.pass('1s')]);
    // Nobody moves the clock for this one: it does not wait.
    const second = await app.read('db');
    return [first, second];
  },
  then: (answers, expect) => {
    const stale = { status: 200, versionId: 'v1', stale: true };
    expect(answers).toMatchObject([stale, stale]);
  },
});
