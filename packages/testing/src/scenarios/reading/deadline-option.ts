import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

export const deadlineOption: Scenario = scenario({
  promise: 'The deadline of a read is configurable',
  given: ({ kms }) => {
    kms.fault({ kind: 'hang' });
    return { deadline: '2s' };
  },
  when: async ({ app, clock }) => {
    const [response] = await Promise.all([app.read('db'), clock.pass('2s')]);
    return response;
  },
  then: (response, expect) => expect(response).toEqual({ status: 503, code: 'ERR_DEADLINE_EXCEEDED' }),
});
