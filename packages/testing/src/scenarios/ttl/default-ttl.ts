import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

export const defaultTtl: Scenario = scenario({
  promise: 'The default TTL is one hour',
  given: ({ kms }) => {
    kms.put('db', 's3cret-one');
  },
  when: async ({ app, kms, clock }) => {
    await app.read('db');
    await clock.pass('53m');
    const before = kms.requests.length;
    await clock.pass('7m');
    return { before, after: kms.requests.length };
  },
  then: (requests, expect) => expect(requests).toEqual({ before: 1, after: 2 }),
});
