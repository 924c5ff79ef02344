import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

export const recovery: Scenario = scenario({
  promise: 'After an outage, values are refreshed without a read',
  given: ({ kms }) => {
    kms.put('db', 's3cret-one', { versionId: 'v1' });
    return { ttl: '1m' };
  },
  when: async ({ app, kms, clock }) => {
    await app.read('db');
    await kms.stop('cn-hangzhou');
    kms.put('db', 's3cret-two', { versionId: 'v2' });
    await clock.pass('5m');
    const during = { response: await app.read('db'), health: await app.health() };
    await kms.start('cn-hangzhou');
    await clock.pass('2m');
    const requests = kms.requests.length;
    const after = { response: await app.read('db'), health: await app.health() };
    return { during, after, requestsOfRead: kms.requests.length - requests };
  },
  then: ({ during, after, requestsOfRead }, expect) => {
    expect(during.response).toMatchObject({ versionId: 'v1', stale: true });
    expect(during.health).toEqual({ status: 200, health: 'degraded' });
    expect(after.response).toMatchObject({ versionId: 'v2', stale: false });
    expect(after.health).toEqual({ status: 200, health: 'ok' });
    expect(requestsOfRead).toBe(0);
  },
});
