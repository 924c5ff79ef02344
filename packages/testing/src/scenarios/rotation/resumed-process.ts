import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

export const resumedProcess: Scenario = scenario({
  promise: 'After a suspend, a read waits for the new value',
  given: ({ kms }) => {
    kms.put('db', 's3cret-one', { versionId: 'v1' });
  },
  when: async ({ app, kms, clock }) => {
    await app.read('db');
    kms.put('db', 's3cret-two', { versionId: 'v2' });
    clock.freeze('2h');
    return app.read('db');
  },
  then: (response, expect) => expect(response).toMatchObject({ status: 200, versionId: 'v2', stale: false }),
});
