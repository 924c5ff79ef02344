import { sha256 } from '../harness/sha256.ts';
import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

const kinds = ['malformed', 'wrongShape', 'otherSecret'] as const;

export const wrongSecret: Scenario = scenario({
  promise: 'A response that is not the requested secret is rejected',
  regions: ['cn-hangzhou', 'cn-shanghai'],
  given: ({ kms }) => {
    for (const kind of kinds) {
      kms.put(kind, 's3cret-one', { versionId: 'v1' });
      kms.fault({ kind }, { region: 'cn-hangzhou', secretName: kind });
    }
  },
  when: async ({ app, kms }) => {
    const responses = await Promise.all(kinds.map((kind) => app.read(kind)));
    return { responses, requests: kms.requests.map(({ region, secretName }) => `${secretName} in ${region}`) };
  },
  then: ({ responses, requests }, expect) => {
    const response = { status: 200, versionId: 'v1', stale: false, sha256: sha256('s3cret-one') };
    expect(responses).toEqual(kinds.map(() => response));
    const expected = kinds.flatMap((kind) => [`${kind} in cn-hangzhou`, `${kind} in cn-shanghai`]);
    expect(new Set(requests)).toEqual(new Set(expected));
    expect(requests).toHaveLength(expected.length);
  },
});
