import { sha256 } from '../harness/sha256.ts';
import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

/** The one that the fake's huge reply is about: but for its length, nothing is wrong with it. */
const name = 'other-secret';

export const oversizedResponse: Scenario = scenario({
  promise: 'A response over 1 MiB is rejected',
  regions: ['cn-hangzhou', 'cn-shanghai'],
  given: ({ kms }) => {
    kms.put(name, 's3cret-one', { versionId: 'v1' });
    kms.fault({ kind: 'oversized', bytes: 2_097_152 }, { region: 'cn-hangzhou' });
  },
  when: async ({ app, kms }) => ({
    response: await app.read(name),
    regions: kms.requests.map(({ region }) => region),
  }),
  then: ({ response, regions }, expect) => {
    expect(response).toEqual({ status: 200, versionId: 'v1', stale: false, sha256: sha256('s3cret-one') });
    expect(regions).toEqual(['cn-hangzhou', 'cn-shanghai']);
  },
});
