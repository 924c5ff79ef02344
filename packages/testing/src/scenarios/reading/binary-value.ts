import { sha256 } from '../harness/sha256.ts';
import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

export const binaryValue: Scenario = scenario({
  promise: 'A binary secret is the UTF-8 bytes that KMS holds',
  given: ({ kms }) => {
    kms.put('key', 's3cret-ключ-密码', { versionId: 'v1', dataType: 'binary' });
  },
  when: ({ app }) => app.read('key'),
  then: (response, expect) =>
    expect(response).toEqual({ status: 200, versionId: 'v1', stale: false, sha256: sha256('s3cret-ключ-密码') }),
});
