import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

export const hedge: Scenario = scenario({
  promise: 'When the primary is slow, a hedge request goes to the next endpoint',
  regions: ['cn-hangzhou', 'cn-shanghai'],
  given: ({ kms }) => {
    kms.put('db', 's3cret-one', { versionId: 'v1' });
    kms.fault({ kind: 'hang' }, { region: 'cn-hangzhou' });
    return { hedge: { delay: '200ms' } };
  },
  when: async ({ app, kms, clock }) => {
    const [response] = await Promise.all([app.read('db'), clock.pass('200ms')]);
    await clock.pass(0);
    return { response, regions: kms.requests.map(({ region }) => region), open: kms.openRequests };
  },
  then: ({ response, regions, open }, expect) => {
    expect(response).toMatchObject({ status: 200, versionId: 'v1' });
    expect(regions).toEqual(['cn-hangzhou', 'cn-shanghai']);
    // The slow request is cancelled.
    expect(open).toBe(0);
  },
});
