import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

export const sharedError: Scenario = scenario({
  promise: 'Concurrent reads of a failing secret share one request and one error',
  given: ({ kms }) => {
    kms.deny('db');
  },
  when: async ({ app, kms }) => {
    const responses = await Promise.all(Array.from({ length: 50 }, () => app.read('db')));
    return { responses, requests: kms.requests.length };
  },
  then: ({ responses, requests }, expect) => {
    expect(responses).toEqual(Array.from({ length: 50 }, () => ({ status: 503, code: 'ERR_ACCESS_DENIED' })));
    expect(requests).toBe(1);
  },
});
