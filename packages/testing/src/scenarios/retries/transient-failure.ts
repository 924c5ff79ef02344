import { transientFaults } from '../harness/transient-faults.ts';
import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

export const transientFailure: Scenario = scenario({
  promise: 'Transient failures are retried',
  given: ({ kms }) => {
    for (const [name, fault] of Object.entries(transientFaults)) {
      kms.put(name, 's3cret-one', { versionId: 'v1' });
      kms.fault(fault, { secretName: name, times: 1 });
    }
  },
  when: async ({ app, kms, clock }) => {
    const names = Object.keys(transientFaults);
    const [responses] = await Promise.all([Promise.all(names.map((name) => app.read(name))), clock.pass('1s')]);
    return names.map((name, index) => ({
      name,
      status: responses[index]?.status,
      requests: kms.requests.filter(({ secretName }) => secretName === name).length,
    }));
  },
  then: (results, expect) =>
    expect(results).toEqual(Object.keys(transientFaults).map((name) => ({ name, status: 200, requests: 2 }))),
});
