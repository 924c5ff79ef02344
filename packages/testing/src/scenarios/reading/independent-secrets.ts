import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

export const independentSecrets: Scenario = scenario({
  promise: 'A hanging secret does not delay reads of other secrets',
  given: ({ kms }) => {
    kms.put('slow', 's3cret-one', { versionId: 'v1' });
    kms.put('quick', 's3cret-two', { versionId: 'v1' });
    kms.fault({ kind: 'hang' }, { secretName: 'slow' });
  },
  when: async ({ app, clock }) => {
    const slow = app.read('slow');
    const quick = await app.read('quick');
    await clock.pass('10s');
    return { quick, slow: await slow };
  },
  then: ({ quick, slow }, expect) => {
    expect(quick).toMatchObject({ status: 200, versionId: 'v1' });
    expect(slow).toMatchObject({ status: 503 });
  },
});
