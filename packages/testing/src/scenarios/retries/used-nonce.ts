import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

export const usedNonce: Scenario = scenario({
  promise: 'A request that KMS has received twice is signed again and repeated',
  given: ({ kms }) => {
    kms.put('db', 's3cret-one', { versionId: 'v1' });
    kms.fault({ kind: 'error', status: 400, code: 'SignatureNonceUsed' }, { times: 1 });
  },
  when: async ({ app, kms, clock }) => {
    const [response] = await Promise.all([app.read('db'), clock.pass('1s')]);
    return { status: response.status, requests: kms.requests.length };
  },
  then: (result, expect) => expect(result).toEqual({ status: 200, requests: 2 }),
});
