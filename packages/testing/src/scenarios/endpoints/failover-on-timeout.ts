import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

export const failoverOnTimeout: Scenario = scenario({
  promise: 'An endpoint that does not answer is left at the timeout of a try',
  regions: ['cn-hangzhou', 'cn-shanghai'],
  given: ({ kms }) => {
    kms.put('db', 's3cret-one', { versionId: 'v1' });
    kms.fault({ kind: 'hang' }, { region: 'cn-hangzhou' });
    return { hedge: false };
  },
  when: async ({ app, kms, clock }) => {
    const [answer] = await Promise.all([app.read('db'), clock.pass('4s')]);
    return { answer, regions: kms.requests.map(({ region }) => region) };
  },
  then: ({ answer, regions }, expect) => {
    expect(answer).toMatchObject({ status: 200, versionId: 'v1' });
    expect(regions).toEqual(['cn-hangzhou', 'cn-shanghai']);
  },
});
