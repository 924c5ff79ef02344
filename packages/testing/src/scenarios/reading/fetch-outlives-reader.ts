import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

export const fetchOutlivesReader: Scenario = scenario({
  promise: 'A fetch goes on after its reader has left',
  given: ({ kms }) => {
    kms.put('db', 's3cret-one', { versionId: 'v1' });
    kms.fault({ kind: 'hang' });
  },
  when: async ({ app, kms, clock }) => {
    const [left] = await Promise.all([app.read('db'), clock.pass('10s')]);
    kms.heal();
    await clock.pass('10s');
    const requests = kms.requests.length;
    const later = await app.read('db');
    return { left, later, requestsOfTheRead: kms.requests.length - requests };
  },
  then: ({ left, later, requestsOfTheRead }, expect) => {
    expect(left).toEqual({ status: 503, code: 'ERR_DEADLINE_EXCEEDED' });
    expect(later).toMatchObject({ status: 200, versionId: 'v1', stale: false });
    expect(requestsOfTheRead).toBe(0);
  },
});
