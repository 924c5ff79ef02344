import { sha256 } from '../harness/sha256.ts';
import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

export const emptyValue: Scenario = scenario({
  promise: 'An empty value is a valid value',
  given: ({ kms }) => {
    kms.put('empty', '', { versionId: 'v1' });
  },
  when: async ({ app, kms }) => ({
    responses: [await app.read('empty'), await app.read('empty')],
    requests: kms.requests.length,
  }),
  then: ({ responses, requests }, expect) => {
    const response = { status: 200, versionId: 'v1', stale: false, sha256: sha256('') };
    expect(responses).toEqual([response, response]);
    expect(requests).toBe(1);
  },
});
