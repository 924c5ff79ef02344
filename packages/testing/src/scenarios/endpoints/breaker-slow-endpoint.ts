import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

export const breakerSlowEndpoint: Scenario = scenario({
  promise: 'An endpoint that keeps losing to hedge requests is skipped',
  regions: ['cn-hangzhou', 'cn-shanghai'],
  given: ({ kms }) => {
    for (let index = 0; index < 10; index += 1) kms.put(`db-${index}`, 's3cret-one');
    kms.fault({ kind: 'hang' }, { region: 'cn-hangzhou' });
    return { hedge: { delay: '200ms' } };
  },
  when: async ({ app, clock }) => {
    for (let index = 0; index < 5; index += 1) await Promise.all([app.read(`db-${index}`), clock.pass('200ms')]);
    const statuses: number[] = [];
    // The clock stands still: a read that waited for the hedge delay would hang.
    for (let index = 5; index < 10; index += 1) statuses.push((await app.read(`db-${index}`)).status);
    return statuses;
  },
  then: (statuses, expect) => expect(statuses).toEqual([200, 200, 200, 200, 200]),
});
