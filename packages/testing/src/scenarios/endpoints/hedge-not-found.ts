import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

export const hedgeNotFound: Scenario = scenario({
  promise: 'Not found at a fallback does not win over a slow primary',
  regions: ['cn-hangzhou', 'cn-shanghai'],
  given: ({ kms }) => {
    kms.put('db', 's3cret-one', { versionId: 'v1' });
    kms.fault({ kind: 'hang' }, { region: 'cn-hangzhou', times: 1 });
    kms.fault({ kind: 'error', status: 404, code: 'Forbidden.ResourceNotFound' }, { region: 'cn-shanghai' });
    return { hedge: { delay: '100ms' } };
  },
  when: async ({ app, kms, clock }) => {
    const [response] = await Promise.all([app.read('db'), clock.pass('6s')]);
    return { response, regions: kms.requests.map(({ region }) => region) };
  },
  then: ({ response, regions }, expect) => {
    expect(response).toMatchObject({ status: 200, versionId: 'v1' });
    expect(regions).toEqual(['cn-hangzhou', 'cn-shanghai', 'cn-hangzhou']);
  },
});
