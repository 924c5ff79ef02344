import type { AppResponse } from '../harness/app-client.ts';
import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

export const deadline: Scenario = scenario({
  promise: 'A read ends at its deadline',
  given: ({ kms }) => {
    kms.fault({ kind: 'hang' });
  },
  when: async ({ app, clock }) => {
    let response: AppResponse | undefined;
    const reading = app.read('db').then((received) => {
      response = received;
    });
    await clock.pass(9_999);
    const before = response;
    await clock.pass(1);
    await reading;
    return { before, after: response };
  },
  then: ({ before, after }, expect) => {
    expect(before).toBeUndefined();
    expect(after).toEqual({ status: 503, code: 'ERR_DEADLINE_EXCEEDED' });
  },
});
