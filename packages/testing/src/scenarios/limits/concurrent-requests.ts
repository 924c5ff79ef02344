import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

export const concurrentRequests: Scenario = scenario({
  promise: 'The number of concurrent requests to an endpoint is limited',
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
    const openRequests = kms.openRequests;
    await clock.pass('6s');
    return { openRequests, statuses: new Set((await reads).map(({ status }) => status)) };
  },
  then: ({ openRequests, statuses }, expect) => {
    expect(openRequests).toBe(3);
    expect(statuses).toEqual(new Set([200]));
  },
});
