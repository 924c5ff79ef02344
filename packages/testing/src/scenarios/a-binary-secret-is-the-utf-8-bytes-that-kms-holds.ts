import { sha256 } from './form/hash.ts';
import { scenario } from './form/scenario.ts';
import type { Scenario } from './form/scenario.ts';

export const aBinarySecretIsTheUtf8BytesThatKmsHolds: Scenario = scenario({
  promise: 'A binary secret is the UTF-8 bytes that KMS holds',
  given: ({ kms }) => {
    kms.put('key', 's3cret-ключ-密码', { versionId: 'v1', dataType: 'binary' });
  },
  when: ({ app }) => app.read('key'),
  then: (answer, expect) =>
    expect(answer).toEqual({ status: 200, versionId: 'v1', stale: false, sha256: sha256('s3cret-ключ-密码') }),
});
