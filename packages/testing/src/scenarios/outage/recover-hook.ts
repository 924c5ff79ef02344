import { Secret } from '@kms-secrets/core';

import { sha256 } from '../harness/sha256.ts';
import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

export const recoverHook: Scenario = scenario({
  promise: 'The recover hook runs before a read fails because KMS is unavailable',
  given: ({ kms }) => {
    kms.put('denied', 's3cret-one');
    kms.deny('denied');
    kms.fault({ kind: 'html', status: 502 }, { secretName: 'db' });
    return {
      hook: {
        recover: ({ name }) => new Secret({ name, versionId: 'from-the-hook', value: 's3cret-two', dataType: 'text' }),
      },
    };
  },
  when: async ({ app, clock }) => {
    const [unavailable, denied] = await Promise.all([app.read('db'), app.read('denied'), clock.pass('10s')]);
    return { unavailable, denied };
  },
  then: ({ unavailable, denied }, expect) => {
    expect(unavailable).toEqual({ status: 200, versionId: 'from-the-hook', stale: true, sha256: sha256('s3cret-two') });
    expect(denied).toEqual({ status: 503, code: 'ERR_ACCESS_DENIED' });
  },
});
