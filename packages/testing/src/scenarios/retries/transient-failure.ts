import { transientFaults as passing } from '../harness/transient-faults.ts';
import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

export const transientFailure: Scenario = scenario({
  promise: 'Passing trouble is tried again',
  given: ({ kms }) => {
    for (const [name, fault] of Object.entries(passing)) {
      kms.put(name, 's3cret-one', { versionId: 'v1' });
      kms.fault(fault, { secretName: name, times: 1 });
    }
  },
  when: async ({ app, kms, clock }) => {
    const names = Object.keys(passing);
    const [answers] = await Promise.all([Promise.all(names.map((name) => app.read(name))), clock.pass('1s')]);
    return names.map((name, index) => ({
      name,
      status: answers[index]?.status,
      requests: kms.requests.filter(({ secretName }) => secretName === name).length,
    }));
  },
  then: (seen, expect) =>
    expect(seen).toEqual(Object.keys(passing).map((name) => ({ name, status: 200, requests: 2 }))),
});
