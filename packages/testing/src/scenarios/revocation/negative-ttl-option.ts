import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

export const negativeTtlOption: Scenario = scenario({
  promise: 'The time for which a refusal is cached is configurable',
  given: () => ({ negativeTtl: '1m' }),
  when: async ({ app, kms, clock }) => {
    await app.read('tpyo');
    await clock.pass('59s');
    await app.read('tpyo');
    const within = kms.requests.length;
    await clock.pass('1s');
    await app.read('tpyo');
    return { within, after: kms.requests.length };
  },
  then: (requests, expect) => expect(requests).toEqual({ within: 1, after: 2 }),
});
