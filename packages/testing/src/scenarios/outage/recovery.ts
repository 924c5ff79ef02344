import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

export const recovery: Scenario = scenario({
  promise: 'When KMS is back the value becomes fresh without a reader',
  given: ({ kms }) => {
    kms.put('db', 's3cret-one', { versionId: 'v1' });
    return { ttl: '1m' };
  },
  when: async ({ app, kms, clock }) => {
    await app.read('db');
    await kms.stop('cn-hangzhou');
    kms.put('db', 's3cret-two', { versionId: 'v2' });
    await clock.pass('5m');
    const away = { answer: await app.read('db'), health: await app.health() };
    await kms.start('cn-hangzhou');
    await clock.pass('2m');
    const requests = kms.requests.length;
    const back = { answer: await app.read('db'), health: await app.health() };
    return { away, back, requestsOfTheRead: kms.requests.length - requests };
  },
  then: ({ away, back, requestsOfTheRead }, expect) => {
    expect(away.answer).toMatchObject({ versionId: 'v1', stale: true });
    expect(away.health).toEqual({ status: 200, health: 'degraded' });
    expect(back.answer).toMatchObject({ versionId: 'v2', stale: false });
    expect(back.health).toEqual({ status: 200, health: 'ok' });
    expect(requestsOfTheRead).toBe(0);
  },
});
