import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

export const breakerOpen: Scenario = scenario({
  promise: 'An endpoint that keeps failing is skipped, without a timeout for each read',
  regions: ['cn-hangzhou', 'cn-shanghai'],
  given: ({ kms }) => {
    for (let index = 0; index < 10; index += 1) kms.put(`db-${index}`, 's3cret-one');
    kms.fault({ kind: 'hang' }, { region: 'cn-hangzhou' });
    return { hedge: false, breaker: { openTime: '1m', maxOpenTime: '1m' } };
  },
  when: async ({ app, kms, clock }) => {
    for (let index = 0; index < 5; index += 1) await Promise.all([app.read(`db-${index}`), clock.pass('4s')]);
    const statuses: number[] = [];
    // The clock stands still: a read that waited for a timeout would hang.
    for (let index = 5; index < 10; index += 1) statuses.push((await app.read(`db-${index}`)).status);
    return { statuses, requestsToPrimary: kms.requests.filter(({ region }) => region === 'cn-hangzhou').length };
  },
  then: ({ statuses, requestsToPrimary }, expect) => {
    expect(statuses).toEqual([200, 200, 200, 200, 200]);
    expect(requestsToPrimary).toBe(5);
  },
});
