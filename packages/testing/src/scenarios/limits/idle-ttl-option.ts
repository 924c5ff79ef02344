import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

export const idleTtlOption: Scenario = scenario({
  promise: 'The idle time before eviction is configurable',
  given: ({ kms }) => {
    kms.put('db', 's3cret-one');
    return { ttl: '10m', idleTtl: 0 };
  },
  when: async ({ app, kms, clock }) => {
    await app.read('db');
    await clock.pass('2h');
    const requests = kms.requests.length;
    await app.read('db');
    return { requests, requestsOfRead: kms.requests.length - requests };
  },
  then: ({ requests, requestsOfRead }, expect) => {
    expect(requests).toBeGreaterThan(10);
    expect(requestsOfRead).toBe(0);
  },
});
