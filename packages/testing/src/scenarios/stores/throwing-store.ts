import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

export const throwingStore: Scenario = scenario({
  promise: 'A failing store fails no read',
  given: ({ kms, store }) => {
    kms.put('db', 's3cret-one', { versionId: 'v1' });
    store.fail('throw');
    return { stores: store, ttl: '1m' };
  },
  when: async ({ app, kms, clock, log }) => {
    const first = await app.read('db');
    kms.put('db', 's3cret-two', { versionId: 'v2' });
    await clock.pass('2m');
    return {
      first,
      second: await app.read('db'),
      logged: log.filter((line) => /^(?:warn|info) .*store/iu.test(line)).length,
    };
  },
  then: ({ first, second, logged }, expect) => {
    expect(first).toMatchObject({ status: 200, versionId: 'v1' });
    expect(second).toMatchObject({ status: 200, versionId: 'v2', stale: false });
    expect(logged).toBeGreaterThan(0);
    expect(logged).toBeLessThan(4);
  },
});
