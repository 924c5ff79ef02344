import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

export const hangingStore: Scenario = scenario({
  promise: 'A store that hangs holds up a first read for its timeout and a later one not at all',
  given: ({ kms, store }) => {
    kms.put('db', 's3cret-one', { versionId: 'v1' });
    store.fail('hang');
    return { stores: store, storeTimeout: '200ms' };
  },
  when: async ({ app, clock }) => {
    const reading = app.read('db');
    await clock.pass('200ms');
    const first = await reading;
    const later = await app.read('db');
    return { first, later, lasted: clock.now() };
  },
  then: ({ first, later, lasted }, expect) => {
    expect(first).toMatchObject({ status: 200, versionId: 'v1', stale: false });
    expect(later).toEqual(first);
    expect(lasted).toBe(200);
  },
});
