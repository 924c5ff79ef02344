import { sha256 } from '../harness/sha256.ts';
import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

export const backgroundRefresh: Scenario = scenario({
  promise: 'A rotation is picked up before the TTL expires, and no read waits for it',
  given: ({ kms }) => {
    kms.put('db', 's3cret-one', { versionId: 'v1' });
    return { ttl: '1m' };
  },
  when: async ({ app, kms, clock }) => {
    const before = await app.read('db');
    kms.put('db', 's3cret-two', { versionId: 'v2' });
    await clock.pass('1m');
    const requests = kms.requests.length;
    const after = await app.read('db');
    return { before, after, requestsOfRead: kms.requests.length - requests };
  },
  then: ({ before, after, requestsOfRead }, expect) => {
    expect(before.versionId).toBe('v1');
    expect(after).toEqual({ status: 200, versionId: 'v2', stale: false, sha256: sha256('s3cret-two') });
    expect(requestsOfRead).toBe(0);
  },
});
