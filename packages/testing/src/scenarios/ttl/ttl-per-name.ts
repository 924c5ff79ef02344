import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

export const ttlPerName: Scenario = scenario({
  promise: 'The TTL set for a name overrides the TTL of the client',
  given: ({ kms }) => {
    kms.put('db', 's3cret-one');
    kms.put('other', 's3cret-two');
    return { ttl: '1h', secrets: { db: { ttl: '2m' } } };
  },
  when: async ({ app, kms, clock }) => {
    await app.read('db');
    await app.read('other');
    await clock.pass('2m');
    return kms.requests.map(({ secretName }) => secretName);
  },
  then: (requestedNames, expect) => expect(requestedNames).toEqual(['db', 'other', 'db']),
});
