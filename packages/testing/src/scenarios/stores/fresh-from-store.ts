import { sha256 } from '../harness/sha256.ts';
import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

export const freshFromStore: Scenario = scenario({
  promise: 'A fresh secret in a store is served without asking KMS',
  given: ({ kms, store }) => {
    kms.put('db', 's3cret-one', { versionId: 'v1' });
    return { stores: store };
  },
  when: async ({ app, kms, clock, store, openClient: another }) => {
    const before = another({ stores: store.join() });
    await before.get('db');
    await before.close();
    await clock.pass('30m');
    const requests = kms.requests.length;
    const answer = await app.read('db');
    const requestsOfTheRead = kms.requests.length - requests;
    await clock.pass('30m');
    return { answer, requestsOfTheRead, requestsInItsTime: kms.requests.length - requests };
  },
  then: ({ answer, requestsOfTheRead, requestsInItsTime }, expect) => {
    expect(answer).toEqual({ status: 200, versionId: 'v1', stale: false, sha256: sha256('s3cret-one') });
    expect(requestsOfTheRead).toBe(0);
    expect(requestsInItsTime).toBe(1);
  },
});
