import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

export const hangingStore: Scenario = scenario({
  promise: 'A hanging store delays only the first read, by storeTimeout',
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
    return { first, later, elapsed: clock.now() };
  },
  then: ({ first, later, elapsed }, expect) => {
    expect(first).toMatchObject({ status: 200, versionId: 'v1', stale: false });
    expect(later).toEqual(first);
    expect(elapsed).toBe(200);
  },
});
