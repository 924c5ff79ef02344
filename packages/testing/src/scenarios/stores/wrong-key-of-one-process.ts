import { sha256 } from '../harness/sha256.ts';
import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

export const wrongKeyOfOneProcess: Scenario = scenario({
  promise: 'A process with a wrong access key removes nothing from the store of its fleet',
  given: ({ kms, store }) => {
    kms.put('db', 's3cret-one', { versionId: 'v1' });
    return { ttl: '10m', stores: store };
  },
  when: async ({ app, kms, clock, store, openClient }) => {
    await app.read('db');
    await clock.pass(0);
    const other = openClient({ stores: store.join(), retry: { maxAttempts: 1 } });
    const read = await other.get('db');
    // What KMS says to a process with a wrong key. The other requests are those of the app.
    const wrongKey = kms.fault({ kind: 'error', status: 400, code: 'SignatureDoesNotMatch' });
    const refresh = await other.refresh('db').catch((error: unknown) => error);
    wrongKey.heal();
    await clock.pass(0);
    const isStored = store.peek({ name: 'db', stage: 'ACSCurrent' }) !== undefined;
    return { read: read.versionId, refresh, isStored, response: await app.read('db') };
  },
  then: ({ read, refresh, isStored, response }, expect) => {
    expect(read).toBe('v1');
    expect(refresh).toMatchObject({ code: 'ERR_IDENTITY_REJECTED' });
    expect(isStored).toBe(true);
    expect(response).toEqual({ status: 200, versionId: 'v1', stale: false, sha256: sha256('s3cret-one') });
  },
});
