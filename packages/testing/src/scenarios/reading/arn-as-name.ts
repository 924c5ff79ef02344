import { sha256 } from '../harness/sha256.ts';
import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

export const arnAsName: Scenario = scenario({
  promise: 'A secret is kept under the ARN it was asked by',
  given: ({ kms }) => {
    kms.put('prod/db', 's3cret-one', { versionId: 'v1' });
  },
  when: async ({ app, kms }) => {
    const arn = 'acs:kms:cn-hangzhou:1234567890123456:secret/prod/db';
    const answers = [await app.read(arn), await app.read(arn)];
    return { answers, requests: kms.requests.length };
  },
  then: ({ answers, requests }, expect) => {
    const answer = { status: 200, versionId: 'v1', stale: false, sha256: sha256('s3cret-one') };
    expect(answers).toEqual([answer, answer]);
    expect(requests).toBe(1);
  },
});
