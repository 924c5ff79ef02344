import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

export const requestsPerSecond: Scenario = scenario({
  promise: 'The rate of requests to an endpoint is limited',
  regions: ['cn-hangzhou', 'cn-shanghai'],
  endpoints: ['cn-hangzhou'],
  given: ({ kms }) => {
    for (let index = 0; index < 20; index += 1) kms.put(`db-${index}`, 's3cret-one');
    return { limits: { requestsPerSecond: 5 } };
  },
  when: async ({ app, kms, clock }) => {
    const names = Array.from({ length: 20 }, (_, index) => `db-${index}`);
    const [responses] = await Promise.all([Promise.all(names.map((name) => app.read(name))), clock.pass('4s')]);
    const times = kms.requests.map(({ at }) => at);
    const perSecond = times.map((from) => times.filter((at) => at >= from && at < from + 1_000).length);
    return { statuses: new Set(responses.map(({ status }) => status)), highestRate: Math.max(...perSecond) };
  },
  then: ({ statuses, highestRate }, expect) => {
    expect(statuses).toEqual(new Set([200]));
    // A full bucket of five, and five tokens that are refilled within the second.
    expect(highestRate).toBeLessThanOrEqual(10);
  },
});
