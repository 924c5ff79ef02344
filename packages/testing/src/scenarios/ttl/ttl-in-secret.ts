import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

export const ttlInSecret: Scenario = scenario({
  promise: 'A TTL inside the secret overrides all options',
  given: ({ kms }) => {
    kms.put('db', '{"password":"s3cret-one","ttl":30000}');
    return { ttl: '1h', secrets: { db: { ttl: '2h' } } };
  },
  when: async ({ app, kms, clock }) => {
    await app.read('db');
    await clock.pass('26s');
    const before = kms.requests.length;
    await clock.pass('4s');
    return { before, after: kms.requests.length };
  },
  then: (requests, expect) => expect(requests).toEqual({ before: 1, after: 2 }),
});
