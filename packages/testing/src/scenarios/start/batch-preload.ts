import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

const names = Array.from({ length: 21 }, (_, index) => `name-${index}`);

export const batchPreload: Scenario = scenario({
  promise: 'Preloaded secrets are fetched in batches',
  given: ({ kms }) => {
    for (const name of names) kms.put(name, `s3cret-${name}`, { versionId: 'v1' });
    kms.deny('denied');
    return {
      preload: [...names, 'denied'],
      secrets: { denied: { optional: true } },
    };
  },
  when: async ({ app, kms, clock }) => {
    const ready = app.ready();
    await clock.pass('1s');
    const { status } = await ready;
    const single = kms.requests.filter(({ action }) => action === 'GetSecretValue').length;
    const batches = kms.requests.length - single;
    const reads = [await app.read('name-0'), await app.read('name-20')];
    const denied = await app.read('denied');
    return { status, batches, single, reads, denied, later: kms.requests.length - single - batches };
  },
  then: ({ status, batches, single, reads, denied, later }, expect) => {
    expect(status).toBe(200);
    // An endpoint without BatchGetSecretValue gets one request for each secret.
    expect([batches, single]).toEqual(batches > 0 ? [2, 0] : [0, 22]);
    expect(reads).toMatchObject([{ versionId: 'v1' }, { versionId: 'v1' }]);
    expect(denied).toMatchObject({ status: 503, code: 'ERR_ACCESS_DENIED' });
    expect(later).toBe(0);
  },
});
