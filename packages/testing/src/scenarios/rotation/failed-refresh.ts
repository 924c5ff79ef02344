import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

export const failedRefresh: Scenario = scenario({
  promise: 'A failed refresh is retried soon, not after another TTL',
  given: ({ kms }) => {
    kms.put('db', 's3cret-one', { versionId: 'v1' });
  },
  when: async ({ app, kms, clock }) => {
    await app.read('db');
    kms.put('db', 's3cret-two', { versionId: 'v2' });
    const fault = kms.fault({ kind: 'html', status: 502 });
    await clock.pass('1h');
    const during = await app.read('db');
    fault.heal();
    await clock.pass('5m');
    const requests = kms.requests.length;
    const after = await app.read('db');
    return { during, after, requestsOfRead: kms.requests.length - requests };
  },
  then: ({ during, after, requestsOfRead }, expect) => {
    expect(during).toMatchObject({ versionId: 'v1', stale: true });
    expect(after).toMatchObject({ versionId: 'v2', stale: false });
    expect(requestsOfRead).toBe(0);
  },
});
