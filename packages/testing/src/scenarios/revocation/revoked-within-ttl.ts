import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

export const revokedWithinTtl: Scenario = scenario({
  promise: 'A refusal evicts the cached value even within its TTL',
  given: ({ kms }) => {
    kms.put('db', 's3cret-one', { versionId: 'v1' });
  },
  when: async ({ app, kms }) => {
    await app.read('db');
    kms.deny('db');
    const refresh = await app.refresh('db');
    return { refresh, read: await app.read('db') };
  },
  then: ({ refresh, read }, expect) => {
    expect(refresh).toEqual({ status: 503, code: 'ERR_ACCESS_DENIED' });
    expect(read).toEqual({ status: 503, code: 'ERR_ACCESS_DENIED' });
  },
});
