import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

export const fallbackEvictsNothing: Scenario = scenario({
  promise: 'Not found at a standby takes away nothing that the first endpoint gave',
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
  then: (answer, expect) => expect(answer).toMatchObject({ status: 200, versionId: 'v1', stale: true }),
});
