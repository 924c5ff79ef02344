import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

export const requestsPerSecond: Scenario = scenario({
  promise: 'An endpoint gets no more requests in a second than is set',
  regions: ['cn-hangzhou', 'cn-shanghai'],
  endpoints: ['cn-hangzhou'],
  given: ({ kms }) => {
    for (let index = 0; index < 20; index += 1) kms.put(`db-${index}`, 's3cret-one');
    return { limits: { requestsPerSecond: 5 } };
  },
  when: async ({ app, kms, clock }) => {
    const names = Array.from({ length: 20 }, (_, index) => `db-${index}`);
    const [answers] = await Promise.all([Promise.all(names.map((name) => app.read(name))), clock.pass('4s')]);
    const moments = kms.requests.map(({ at }) => at);
    const inSecond = moments.map((from) => moments.filter((at) => at >= from && at < from + 1_000).length);
    return { statuses: new Set(answers.map(({ status }) => status)), most: Math.max(...inSecond) };
  },
  then: ({ statuses, most }, expect) => {
    expect(statuses).toEqual(new Set([200]));
    // Five saved up, and five that come in meanwhile.
    expect(most).toBeLessThanOrEqual(10);
  },
});
