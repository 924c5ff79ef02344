import { sha256 } from '../harness/sha256.ts';
import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

export const freshFromMemory: Scenario = scenario({
  promise: 'A fresh secret is served from memory without a request to KMS',
  given: ({ kms }) => {
    kms.put('db', 's3cret-one', { versionId: 'v1' });
  },
  when: async ({ app, kms }) => {
    const responses = [await app.read('db'), await app.read('db'), await app.read('db')];
    return { responses, requests: kms.requests.length, stats: await app.stats() };
  },
  then: ({ responses, requests, stats }, expect) => {
    const response = { status: 200, versionId: 'v1', stale: false, sha256: sha256('s3cret-one') };
    expect(responses).toEqual([response, response, response]);
    expect(requests).toBe(1);
    expect(stats).toMatchObject({ hits: 2, misses: 1, fetches: 1 });
  },
});
