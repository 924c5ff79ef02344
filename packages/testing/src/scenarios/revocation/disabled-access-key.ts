import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

export const disabledAccessKey: Scenario = scenario({
  promise: 'Once the access key is disabled, no cached value is served',
  given: ({ kms }) => {
    kms.put('db', 's3cret-one', { versionId: 'v1' });
    return { ttl: '1m' };
  },
  when: async ({ app, kms, clock }) => {
    await app.read('db');
    kms.disableAccessKey(kms.requests.at(-1)?.accessKeyId ?? ''); // the key that the client uses
    await clock.pass('1m');
    return app.read('db');
  },
  then: (response, expect) => expect(response).toEqual({ status: 503, code: 'ERR_ACCESS_DENIED' }),
});
