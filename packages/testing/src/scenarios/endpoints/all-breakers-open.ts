import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

export const allBreakersOpen: Scenario = scenario({
  promise: 'When every circuit breaker is open, reads try the endpoints anyway',
  regions: ['cn-hangzhou', 'cn-shanghai'],
  given: ({ kms }) => {
    for (const name of ['db', 'cache']) kms.put(name, 's3cret-one', { versionId: 'v1' });
    kms.fault({ kind: 'html', status: 502 }, { times: 10 });
    return { breaker: { openTime: '1h', maxOpenTime: '1h' } };
  },
  when: async ({ app, clock }) => {
    const [failed] = await Promise.all([app.read('db'), clock.pass('1m')]);
    return { failed, response: await app.read('cache') };
  },
  then: ({ failed, response }, expect) => {
    expect(failed).toEqual({ status: 503, code: 'ERR_SECRET_UNAVAILABLE' });
    expect(response).toMatchObject({ status: 200, versionId: 'v1' });
  },
});
