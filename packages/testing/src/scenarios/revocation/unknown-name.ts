import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

export const unknownName: Scenario = scenario({
  promise: 'An unknown name is requested once in ten seconds',
  given: () => {},
  when: async ({ app, kms, clock }) => {
    const first = await app.read('tpyo');
    for (let second = 0; second < 9; second += 1) {
      await app.read('tpyo');
      await clock.pass('1s');
    }
    const requests = kms.requests.length;
    kms.put('tpyo', 's3cret-one', { versionId: 'v1' });
    await clock.pass('1s');
    return { first, requests, later: await app.read('tpyo') };
  },
  then: ({ first, requests, later }, expect) => {
    expect(first).toEqual({ status: 503, code: 'ERR_SECRET_NOT_FOUND' });
    expect(requests).toBe(1);
    expect(later).toMatchObject({ status: 200, versionId: 'v1' });
  },
});
