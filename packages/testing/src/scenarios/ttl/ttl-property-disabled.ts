import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

export const ttlPropertyDisabled: Scenario = scenario({
  promise: 'The TTL inside secrets can be disabled',
  given: ({ kms }) => {
    kms.put('db', '{"password":"s3cret-one","ttl":30000}');
    return { ttl: '2m', refresh: { ttlProperty: false } };
  },
  when: async ({ app, kms, clock }) => {
    await app.read('db');
    await clock.pass('1m');
    const before = kms.requests.length;
    await clock.pass('1m');
    return { before, after: kms.requests.length };
  },
  then: (requests, expect) => expect(requests).toEqual({ before: 1, after: 2 }),
});
