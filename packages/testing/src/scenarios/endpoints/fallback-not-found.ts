import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

export const fallbackNotFound: Scenario = scenario({
  promise: 'Not found at a fallback does not end the search',
  regions: ['cn-hangzhou', 'cn-shanghai', 'cn-beijing'],
  given: ({ kms }) => {
    kms.put('db', 's3cret-one', { versionId: 'v1' });
    kms.fault({ kind: 'html', status: 502 }, { region: 'cn-hangzhou' });
    kms.fault({ kind: 'error', status: 404, code: 'Forbidden.ResourceNotFound' }, { region: 'cn-shanghai' });
  },
  when: async ({ app, kms }) => ({
    response: await app.read('db'),
    regions: kms.requests.map(({ region }) => region),
  }),
  then: ({ response, regions }, expect) => {
    expect(response).toMatchObject({ status: 200, versionId: 'v1' });
    expect(regions).toEqual(['cn-hangzhou', 'cn-shanghai', 'cn-beijing']);
  },
});
