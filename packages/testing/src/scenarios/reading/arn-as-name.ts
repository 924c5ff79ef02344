import { sha256 } from '../harness/sha256.ts';
import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

export const arnAsName: Scenario = scenario({
  promise: 'A secret that is read by its ARN is cached under the ARN',
  given: ({ kms }) => {
    kms.put('prod/db', 's3cret-one', { versionId: 'v1' });
  },
  when: async ({ app, kms }) => {
    const arn = 'acs:kms:cn-hangzhou:1234567890123456:secret/prod/db';
    const responses = [await app.read(arn), await app.read(arn)];
    return { responses, requests: kms.requests.length };
  },
  then: ({ responses, requests }, expect) => {
    const response = { status: 200, versionId: 'v1', stale: false, sha256: sha256('s3cret-one') };
    expect(responses).toEqual([response, response]);
    expect(requests).toBe(1);
  },
});
