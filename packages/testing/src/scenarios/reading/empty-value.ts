import { sha256 } from '../harness/sha256.ts';
import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

export const emptyValue: Scenario = scenario({
  promise: 'An empty value is a value',
  given: ({ kms }) => {
    kms.put('empty', '', { versionId: 'v1' });
  },
  when: async ({ app, kms }) => ({
    answers: [await app.read('empty'), await app.read('empty')],
    requests: kms.requests.length,
  }),
  then: ({ answers, requests }, expect) => {
    const answer = { status: 200, versionId: 'v1', stale: false, sha256: sha256('') };
    expect(answers).toEqual([answer, answer]);
    expect(requests).toBe(1);
  },
});
