import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

export const breakerOpen: Scenario = scenario({
  promise: 'An endpoint that keeps failing costs nobody a timeout',
  regions: ['cn-hangzhou', 'cn-shanghai'],
  given: ({ kms }) => {
    for (let index = 0; index < 10; index += 1) kms.put(`db-${index}`, 's3cret-one');
    kms.fault({ kind: 'hang' }, { region: 'cn-hangzhou' });
    return { hedge: false, breaker: { openTime: '1m', maxOpenTime: '1m' } };
  },
  when: async ({ app, kms, clock }) => {
    for (let index = 0; index < 5; index += 1) await Promise.all([app.read(`db-${index}`), clock.pass('4s')]);
    const statuses: number[] = [];
    // Nobody moves the clock: who had to wait for a timeout would wait for ever.
    for (let index = 5; index < 10; index += 1) statuses.push((await app.read(`db-${index}`)).status);
    return { statuses, asked: kms.requests.filter(({ region }) => region === 'cn-hangzhou').length };
  },
  then: ({ statuses, asked }, expect) => {
    expect(statuses).toEqual([200, 200, 200, 200, 200]);
    expect(asked).toBe(5);
  },
});
