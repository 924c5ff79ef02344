import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

export const concurrentRequests: Scenario = scenario({
  promise: 'An endpoint has no more requests under way than is set',
  regions: ['cn-hangzhou', 'cn-shanghai'],
  endpoints: ['cn-hangzhou'],
  given: ({ kms }) => {
    for (let index = 0; index < 10; index += 1) kms.put(`db-${index}`, 's3cret-one');
    kms.fault({ kind: 'hang' }, { times: 3 });
    return { limits: { concurrentRequests: 3 } };
  },
  when: async ({ app, kms, clock }) => {
    const names = Array.from({ length: 10 }, (_, index) => `db-${index}`);
    const reads = Promise.all(names.map((name) => app.read(name)));
    await clock.pass(0);
    const underWay = kms.openRequests;
    await clock.pass('6s');
    return { underWay, statuses: new Set((await reads).map(({ status }) => status)) };
  },
  then: ({ underWay, statuses }, expect) => {
    expect(underWay).toBe(3);
    expect(statuses).toEqual(new Set([200]));
  },
});
