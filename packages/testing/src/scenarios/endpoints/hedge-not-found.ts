import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

export const hedgeNotFound: Scenario = scenario({
  promise: 'What a standby lacks does not win over an endpoint that is slow',
  regions: ['cn-hangzhou', 'cn-shanghai'],
  given: ({ kms }) => {
    kms.put('db', 's3cret-one', { versionId: 'v1' });
    kms.fault({ kind: 'hang' }, { region: 'cn-hangzhou', times: 1 });
    kms.fault({ kind: 'error', status: 404, code: 'Forbidden.ResourceNotFound' }, { region: 'cn-shanghai' });
    return { hedge: { delay: '100ms' } };
  },
  when: async ({ app, kms, clock }) => {
    const [answer] = await Promise.all([app.read('db'), clock.pass('6s')]);
    return { answer, regions: kms.requests.map(({ region }) => region) };
  },
  then: ({ answer, regions }, expect) => {
    expect(answer).toMatchObject({ status: 200, versionId: 'v1' });
    expect(regions).toEqual(['cn-hangzhou', 'cn-shanghai', 'cn-hangzhou']);
  },
});
