import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

export const versionRolledBack: Scenario = scenario({
  promise: 'A version that was rolled back at KMS replaces the one in every store',
  given: ({ kms, store }) => {
    kms.put('db', 's3cret-one', { versionId: 'v1' });
    kms.put('db', 's3cret-two', { versionId: 'v2' });
    return { stores: store };
  },
  when: async ({ app, kms, clock, store }) => {
    const before = await app.read('db');
    await clock.pass('1s');
    kms.moveStage('db', 'ACSCurrent', 'v1');
    const after = await app.refresh('db');
    await clock.pass(0);
    return { before, after, stored: store.peek({ name: 'db', stage: 'ACSCurrent' }) };
  },
  then: ({ before, after, stored }, expect) => {
    expect(before).toMatchObject({ versionId: 'v2' });
    expect(after).toMatchObject({ versionId: 'v1' });
    expect(stored).toMatchObject({ versionId: 'v1' });
  },
});
