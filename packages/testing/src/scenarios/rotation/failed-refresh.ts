import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

export const failedRefresh: Scenario = scenario({
  promise: 'A refresh that failed comes back soon and not after another TTL',
  given: ({ kms }) => {
    kms.put('db', 's3cret-one', { versionId: 'v1' });
  },
  when: async ({ app, kms, clock }) => {
    await app.read('db');
    kms.put('db', 's3cret-two', { versionId: 'v2' });
    const fault = kms.fault({ kind: 'html', status: 502 });
    await clock.pass('1h');
    const away = await app.read('db');
    fault.heal();
    await clock.pass('5m');
    const requests = kms.requests.length;
    const back = await app.read('db');
    return { away, back, requestsOfTheRead: kms.requests.length - requests };
  },
  then: ({ away, back, requestsOfTheRead }, expect) => {
    expect(away).toMatchObject({ versionId: 'v1', stale: true });
    expect(back).toMatchObject({ versionId: 'v2', stale: false });
    expect(requestsOfTheRead).toBe(0);
  },
});
