import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

export const clockSetBack: Scenario = scenario({
  promise: 'Setting the date back does not extend a TTL',
  given: ({ kms }) => {
    kms.put('db', 's3cret-one', { versionId: 'v1' });
    return { ttl: '1m' };
  },
  when: async ({ app, kms, clock }) => {
    await app.read('db');
    kms.put('db', 's3cret-two', { versionId: 'v2' });
    clock.setDate(clock.date() - 86_400_000);
    await clock.pass('1m');
    return app.read('db');
  },
  then: (response, expect) => expect(response).toMatchObject({ status: 200, versionId: 'v2', stale: false }),
});
