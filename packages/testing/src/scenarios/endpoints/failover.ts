import { transientFaults } from '../harness/transient-faults.ts';
import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

export const failover: Scenario = scenario({
  promise: 'After a transient failure the next endpoint is tried without a wait',
  regions: ['cn-hangzhou', 'cn-shanghai'],
  given: ({ kms }) => {
    for (const [name, fault] of Object.entries(transientFaults)) {
      kms.put(name, 's3cret-one', { versionId: 'v1' });
      kms.fault(fault, { secretName: name, region: 'cn-hangzhou' });
    }
    kms.put('connection-refused', 's3cret-one', { versionId: 'v1' });
  },
  when: async ({ app, kms }) => {
    const statuses: Record<string, number> = {};
    for (const name of Object.keys(transientFaults)) statuses[name] = (await app.read(name)).status;
    await kms.stop('cn-hangzhou');
    statuses['connection-refused'] = (await app.read('connection-refused')).status;
    return statuses;
  },
  // The clock stands still: a read that waited would hang.
  then: (statuses, expect) =>
    expect(statuses).toEqual(
      Object.fromEntries([...Object.keys(transientFaults), 'connection-refused'].map((name) => [name, 200])),
    ),
});
