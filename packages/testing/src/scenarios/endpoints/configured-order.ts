import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

export const configuredOrder: Scenario = scenario({
  promise: 'Endpoints are tried in the configured order',
  regions: ['cn-hangzhou', 'cn-shanghai', 'cn-beijing'],
  given: ({ kms }) => {
    kms.put('db', 's3cret-one');
    kms.put('cache', 's3cret-two');
    kms.put('queue', 's3cret-three');
  },
  when: async ({ app, kms }) => {
    await app.read('db');
    await kms.stop('cn-hangzhou');
    await app.read('cache');
    await kms.stop('cn-shanghai');
    await app.read('queue');
    return kms.requests.map(({ region }) => region);
  },
  then: (regions, expect) => expect(regions).toEqual(['cn-hangzhou', 'cn-shanghai', 'cn-beijing']),
});
