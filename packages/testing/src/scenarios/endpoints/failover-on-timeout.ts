import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

export const failoverOnTimeout: Scenario = scenario({
  promise: 'After attemptTimeout without a response the next endpoint is tried',
  regions: ['cn-hangzhou', 'cn-shanghai'],
  given: ({ kms }) => {
    kms.put('db', 's3cret-one', { versionId: 'v1' });
    kms.fault({ kind: 'hang' }, { region: 'cn-hangzhou' });
    return { hedge: false };
  },
  when: async ({ app, kms, clock }) => {
    const [response] = await Promise.all([app.read('db'), clock.pass('4s')]);
    return { response, regions: kms.requests.map(({ region }) => region) };
  },
  then: ({ response, regions }, expect) => {
    expect(response).toMatchObject({ status: 200, versionId: 'v1' });
    expect(regions).toEqual(['cn-hangzhou', 'cn-shanghai']);
  },
});
