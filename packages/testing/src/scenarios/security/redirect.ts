import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

export const redirect: Scenario = scenario({
  promise: 'A redirect is not followed',
  regions: ['cn-hangzhou', 'cn-shanghai'],
  endpoints: ['cn-hangzhou'],
  given: ({ kms }) => {
    kms.put('db', 's3cret-one');
    kms.fault({ kind: 'redirect', location: kms.endpoint('cn-shanghai').url });
  },
  when: async ({ app, kms, clock }) => {
    const [response] = await Promise.all([app.read('db'), clock.pass('10s')]);
    return { response, regions: kms.requests.map(({ region }) => region) };
  },
  then: ({ response, regions }, expect) => {
    expect(response.status).toBe(503);
    expect(regions).toEqual(['cn-hangzhou']);
  },
});
