import { sha256 } from '../harness/sha256.ts';
import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

const kinds = ['malformed', 'wrongShape', 'otherSecret'] as const;

export const wrongSecret: Scenario = scenario({
  promise: 'A reply that is not the secret asked for is not taken',
  regions: ['cn-hangzhou', 'cn-shanghai'],
  given: ({ kms }) => {
    for (const kind of kinds) {
      kms.put(kind, 's3cret-one', { versionId: 'v1' });
      kms.fault({ kind }, { region: 'cn-hangzhou', secretName: kind });
    }
  },
  when: async ({ app, kms }) => {
    const answers = await Promise.all(kinds.map((kind) => app.read(kind)));
    return { answers, requests: kms.requests.map(({ region, secretName }) => `${secretName} in ${region}`) };
  },
  then: ({ answers, requests }, expect) => {
    const answer = { status: 200, versionId: 'v1', stale: false, sha256: sha256('s3cret-one') };
    expect(answers).toEqual(kinds.map(() => answer));
    const asked = kinds.flatMap((kind) => [`${kind} in cn-hangzhou`, `${kind} in cn-shanghai`]);
    expect(new Set(requests)).toEqual(new Set(asked));
    expect(requests).toHaveLength(asked.length);
  },
});
