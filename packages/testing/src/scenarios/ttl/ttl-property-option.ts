import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

export const ttlPropertyOption: Scenario = scenario({
  promise: 'The property that holds the TTL is configurable',
  given: ({ kms }) => {
    kms.put('db', '{"password":"s3cret-one","cacheFor":30000,"ttl":600000}');
    return { refresh: { ttlProperty: 'cacheFor' } };
  },
  when: async ({ app, kms, clock }) => {
    await app.read('db');
    await clock.pass('30s');
    return kms.requests.length;
  },
  then: (requests, expect) => expect(requests).toBe(2),
});
