import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

export const ttlInSecretMinimum: Scenario = scenario({
  promise: 'A TTL inside the secret is raised to 10 s, with one warning',
  given: ({ kms }) => {
    kms.put('db', '{"password":"s3cret-one","ttl":300}');
    return { idleTtl: 0 };
  },
  when: async ({ app, kms, clock, log }) => {
    await app.read('db');
    await clock.pass('1m');
    return { requests: kms.requests.length, warnings: log.filter((line) => /^warn .*\bdb\b/u.test(line)).length };
  },
  then: ({ requests, warnings }, expect) => {
    // One request every 9 to 10 s. With a TTL of 300 ms there would be about 200.
    expect(requests).toBeGreaterThanOrEqual(6);
    expect(requests).toBeLessThanOrEqual(7);
    expect(warnings).toBe(1);
  },
});
