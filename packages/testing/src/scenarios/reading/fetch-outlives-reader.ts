import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

export const fetchOutlivesReader: Scenario = scenario({
  promise: 'A fetch continues after its reader has timed out',
  given: ({ kms }) => {
    kms.put('db', 's3cret-one', { versionId: 'v1' });
    kms.fault({ kind: 'hang' });
  },
  when: async ({ app, kms, clock }) => {
    const [timedOut] = await Promise.all([app.read('db'), clock.pass('10s')]);
    kms.heal();
    await clock.pass('10s');
    const requests = kms.requests.length;
    const later = await app.read('db');
    return { timedOut, later, requestsOfLaterRead: kms.requests.length - requests };
  },
  then: ({ timedOut, later, requestsOfLaterRead }, expect) => {
    expect(timedOut).toEqual({ status: 503, code: 'ERR_DEADLINE_EXCEEDED' });
    expect(later).toMatchObject({ status: 200, versionId: 'v1', stale: false });
    expect(requestsOfLaterRead).toBe(0);
  },
});
