import { transientFaults as passing } from '../harness/transient-faults.ts';
import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

export const failover: Scenario = scenario({
  promise: 'Passing trouble moves a read to the next endpoint at once',
  regions: ['cn-hangzhou', 'cn-shanghai'],
  given: ({ kms }) => {
    for (const [name, fault] of Object.entries(passing)) {
      kms.put(name, 's3cret-one', { versionId: 'v1' });
      kms.fault(fault, { secretName: name, region: 'cn-hangzhou' });
    }
    kms.put('refused', 's3cret-one', { versionId: 'v1' });
  },
  when: async ({ app, kms }) => {
    const answers: Record<string, number> = {};
    for (const name of Object.keys(passing)) answers[name] = (await app.read(name)).status;
    await kms.stop('cn-hangzhou');
    answers['refused'] = (await app.read('refused')).status;
    return answers;
  },
  // Nobody moves the clock: the next endpoint is asked without a wait.
  then: (answers, expect) =>
    expect(answers).toEqual(Object.fromEntries([...Object.keys(passing), 'refused'].map((name) => [name, 200]))),
});
