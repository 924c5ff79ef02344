import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

export const readyTimeout: Scenario = scenario({
  promise: 'Ready gives up within its time',
  given: ({ kms }) => {
    kms.fault({ kind: 'hang' });
    return { preload: ['db'], readyTimeout: '5s' };
  },
  when: async ({ app, clock }) => {
    const [answer] = await Promise.all([app.ready(), clock.pass('5s')]);
    return answer;
  },
  then: (answer, expect) => expect(answer).toEqual({ status: 503, code: 'ERR_SECRET_SET' }),
});
