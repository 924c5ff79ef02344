import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

export const invalidName: Scenario = scenario({
  promise: 'An invalid name is rejected without a request to KMS',
  given: () => {},
  when: async ({ app, kms }) => {
    const responses = [await app.read('x'.repeat(193)), await app.read('db\n'), await app.read('db\u0000')];
    return { responses, requests: kms.requests.length };
  },
  then: ({ responses, requests }, expect) => {
    expect(responses.map(({ code }) => code)).toEqual(Array.from({ length: 3 }, () => 'ERR_REQUEST_REJECTED'));
    expect(requests).toBe(0);
  },
});
