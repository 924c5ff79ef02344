import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

export const disabledAccessKey: Scenario = scenario({
  promise: 'With an access key that KMS no longer takes nothing is served',
  given: ({ kms }) => {
    kms.put('db', 's3cret-one', { versionId: 'v1' });
    return { ttl: '1m' };
  },
  when: async ({ app, kms, clock }) => {
    await app.read('db');
    kms.disableAccessKey(kms.requests.at(-1)?.accessKeyId ?? ''); // whoever has just read
    await clock.pass('1m');
    return app.read('db');
  },
  then: (answer, expect) => expect(answer).toEqual({ status: 503, code: 'ERR_ACCESS_DENIED' }),
});
