import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

export const pendingRemoval: Scenario = scenario({
  promise: 'A refused secret is not served from a store that failed to remove it',
  given: ({ kms, store }) => {
    kms.put('db', 's3cret-one');
    return { ttl: '1m', negativeTtl: 0, stores: store };
  },
  when: async ({ app, kms, clock, store }) => {
    await app.read('db');
    await clock.pass(0);
    store.fail('throw', 'remove', 'removeAll');
    kms.deny('db');
    await clock.pass('1m');
    await kms.stop('cn-hangzhou');
    const reading = app.read('db');
    await clock.pass('10s');
    const response = await reading;
    store.heal();
    await clock.pass('1m');
    return { response, remaining: store.size };
  },
  then: ({ response, remaining }, expect) => {
    expect(response.status).toBe(503);
    expect(remaining).toBe(0);
  },
});
