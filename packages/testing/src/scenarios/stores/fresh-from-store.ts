import { sha256 } from '../harness/sha256.ts';
import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

export const freshFromStore: Scenario = scenario({
  promise: 'A fresh secret in a store is served without a request to KMS',
  given: ({ kms, store }) => {
    kms.put('db', 's3cret-one', { versionId: 'v1' });
    return { stores: store };
  },
  when: async ({ app, kms, clock, store, openClient }) => {
    const previous = openClient({ stores: store.join() });
    await previous.get('db');
    await previous.close();
    await clock.pass('30m');
    const requests = kms.requests.length;
    const response = await app.read('db');
    const requestsOfRead = kms.requests.length - requests;
    await clock.pass('30m');
    return { response, requestsOfRead, requestsUntilTtl: kms.requests.length - requests };
  },
  then: ({ response, requestsOfRead, requestsUntilTtl }, expect) => {
    expect(response).toEqual({ status: 200, versionId: 'v1', stale: false, sha256: sha256('s3cret-one') });
    expect(requestsOfRead).toBe(0);
    expect(requestsUntilTtl).toBe(1);
  },
});
