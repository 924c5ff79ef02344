import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

export const managedSecret: Scenario = scenario({
  promise: 'A managed secret is fetched shortly after KMS rotates it',
  given: ({ kms }) => {
    kms.put('rds', '{"AccountName":"app","AccountPassword":"s3cret-one"}', {
      versionId: 'v1',
      type: 'Rds',
      automaticRotation: { interval: 21_600 },
    });
    return { ttl: '1d' };
  },
  when: async ({ app, kms, clock }) => {
    await app.read('rds');
    await clock.pass('5h');
    const before = await app.read('rds');
    await clock.pass('62m');
    const requests = kms.requests.length;
    const after = await app.read('rds');
    return { before, after, requestsOfRead: kms.requests.length - requests };
  },
  then: ({ before, after, requestsOfRead }, expect) => {
    expect(before.versionId).toBe('v1');
    expect(after).toMatchObject({ status: 200, stale: false });
    expect(after.versionId).not.toBe('v1');
    expect(requestsOfRead).toBe(0);
  },
});
