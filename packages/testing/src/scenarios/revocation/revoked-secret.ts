import { sha256 } from '../harness/sha256.ts';
import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

export const revokedSecret: Scenario = scenario({
  promise: 'Once KMS refuses a secret, its cached value is not served any more',
  given: ({ kms }) => {
    for (const name of ['denied', 'removed', 'disabled', 'to-be-deleted', 'allowed']) {
      kms.put(name, 's3cret-one', { versionId: 'v1' });
    }
    return { ttl: '1m' };
  },
  when: async ({ app, kms, clock }) => {
    const names = ['denied', 'removed', 'disabled', 'to-be-deleted', 'allowed'];
    await Promise.all(names.map((name) => app.read(name)));
    kms.deny('denied');
    kms.remove('removed');
    kms.disable('disabled');
    kms.scheduleDeletion('to-be-deleted');
    await clock.pass('1m');
    return Object.fromEntries(await Promise.all(names.map(async (name) => [name, await app.read(name)] as const)));
  },
  then: (responses, expect) =>
    expect(responses).toEqual({
      denied: { status: 503, code: 'ERR_ACCESS_DENIED' },
      removed: { status: 503, code: 'ERR_SECRET_NOT_FOUND' },
      disabled: { status: 503, code: 'ERR_SECRET_DISABLED' },
      'to-be-deleted': { status: 503, code: 'ERR_SECRET_DISABLED' },
      allowed: { status: 200, versionId: 'v1', stale: false, sha256: sha256('s3cret-one') },
    }),
});
