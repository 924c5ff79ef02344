import { Secret } from '@kms-secrets/core';

import { sha256 } from '../harness/sha256.ts';
import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

export const recoverHook: Scenario = scenario({
  promise: 'A hook is asked before a read fails because KMS cannot be reached',
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
    const [away, denied] = await Promise.all([app.read('db'), app.read('denied'), clock.pass('10s')]);
    return { away, denied };
  },
  then: ({ away, denied }, expect) => {
    expect(away).toEqual({ status: 200, versionId: 'from-the-hook', stale: true, sha256: sha256('s3cret-two') });
    expect(denied).toEqual({ status: 503, code: 'ERR_ACCESS_DENIED' });
  },
});
