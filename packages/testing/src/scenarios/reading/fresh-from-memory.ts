import { sha256 } from '../harness/sha256.ts';
import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

export const freshFromMemory: Scenario = scenario({
  promise: 'A fresh secret is read without asking KMS',
  given: ({ kms }) => {
    kms.put('db', 's3cret-one', { versionId: 'v1' });
  },
  when: async ({ app, kms }) => {
    const answers = [await app.read('db'), await app.read('db'), await app.read('db')];
    return { answers, requests: kms.requests.length, stats: await app.stats() };
  },
  then: ({ answers, requests, stats }, expect) => {
    const answer = { status: 200, versionId: 'v1', stale: false, sha256: sha256('s3cret-one') };
    expect(answers).toEqual([answer, answer, answer]);
    expect(requests).toBe(1);
    expect(stats).toMatchObject({ hits: 2, misses: 1, fetches: 1 });
  },
});
