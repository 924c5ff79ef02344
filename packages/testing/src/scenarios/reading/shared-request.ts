import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

export const sharedRequest: Scenario = scenario({
  promise: 'Concurrent reads of one secret share one request',
  given: ({ kms }) => {
    kms.put('db', 's3cret-one', { versionId: 'v1' });
  },
  when: async ({ app, kms }) => {
    const responses = await Promise.all(Array.from({ length: 200 }, () => app.read('db')));
    return { versions: responses.map(({ versionId }) => versionId), requests: kms.requests.length };
  },
  then: ({ versions, requests }, expect) => {
    expect(versions).toEqual(Array.from({ length: 200 }, () => 'v1'));
    expect(requests).toBe(1);
  },
});
