import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

export const sharedError: Scenario = scenario({
  promise: 'Readers of a secret that cannot be had share one request and one error',
  given: ({ kms }) => {
    kms.deny('db');
  },
  when: async ({ app, kms }) => {
    const answers = await Promise.all(Array.from({ length: 50 }, () => app.read('db')));
    return { answers, requests: kms.requests.length };
  },
  then: ({ answers, requests }, expect) => {
    expect(answers).toEqual(Array.from({ length: 50 }, () => ({ status: 503, code: 'ERR_ACCESS_DENIED' })));
    expect(requests).toBe(1);
  },
});
