import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

export const fallbackEvictsNothing: Scenario = scenario({
  promise: 'Not found at a fallback does not evict a value of the primary',
  regions: ['cn-hangzhou', 'cn-shanghai'],
  given: ({ kms }) => {
    kms.put('db', 's3cret-one', { versionId: 'v1' });
    kms.fault({ kind: 'error', status: 404, code: 'Forbidden.ResourceNotFound' }, { region: 'cn-shanghai' });
    return { ttl: '1m' };
  },
  when: async ({ app, kms, clock }) => {
    await app.read('db');
    await kms.stop('cn-hangzhou');
    await clock.pass('2m');
    return app.read('db');
  },
  then: (response, expect) => expect(response).toMatchObject({ status: 200, versionId: 'v1', stale: true }),
});
