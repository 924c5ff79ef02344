import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

export const invalidName: Scenario = scenario({
  promise: 'What can be no name is refused without asking KMS',
  given: () => {},
  when: async ({ app, kms }) => {
    const answers = [await app.read('x'.repeat(193)), await app.read('db\n'), await app.read('db\u0000')];
    return { answers, requests: kms.requests.length };
  },
  then: ({ answers, requests }, expect) => {
    expect(answers.map(({ code }) => code)).toEqual(Array.from({ length: 3 }, () => 'ERR_REQUEST_REJECTED'));
    expect(requests).toBe(0);
  },
});
