import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

export const readyTimeout: Scenario = scenario({
  promise: 'ready() rejects after readyTimeout',
  given: ({ kms }) => {
    kms.fault({ kind: 'hang' });
    return { preload: ['db'], readyTimeout: '5s' };
  },
  when: async ({ app, clock }) => {
    const [response] = await Promise.all([app.ready(), clock.pass('5s')]);
    return response;
  },
  then: (response, expect) => expect(response).toEqual({ status: 503, code: 'ERR_SECRET_SET' }),
});
