import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

export const hedge: Scenario = scenario({
  promise: 'The next endpoint is asked too when the first is slow',
  regions: ['cn-hangzhou', 'cn-shanghai'],
  given: ({ kms }) => {
    kms.put('db', 's3cret-one', { versionId: 'v1' });
    kms.fault({ kind: 'hang' }, { region: 'cn-hangzhou' });
    return { hedge: { delay: '200ms' } };
  },
  when: async ({ app, kms, clock }) => {
    const [answer] = await Promise.all([app.read('db'), clock.pass('200ms')]);
    await clock.pass(0);
    return { answer, regions: kms.requests.map(({ region }) => region), open: kms.openRequests };
  },
  then: ({ answer, regions, open }, expect) => {
    expect(answer).toMatchObject({ status: 200, versionId: 'v1' });
    expect(regions).toEqual(['cn-hangzhou', 'cn-shanghai']);
    // The request that was too slow is given up.
    expect(open).toBe(0);
  },
});
