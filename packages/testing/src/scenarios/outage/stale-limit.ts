import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

export const staleLimit: Scenario = scenario({
  promise: 'A value is not served beyond its TTL plus staleIfError',
  given: ({ kms }) => {
    kms.put('db', 's3cret-one', { versionId: 'v1' });
    return { ttl: '1m', staleIfError: '10m' };
  },
  when: async ({ app, kms, clock }) => {
    await app.read('db');
    await kms.stop('cn-hangzhou');
    await clock.pass('10m');
    const within = await app.read('db');
    await clock.pass('2m');
    const [past] = await Promise.all([app.read('db'), clock.pass('10s')]);
    return { within, past };
  },
  then: ({ within, past }, expect) => {
    expect(within).toMatchObject({ status: 200, versionId: 'v1', stale: true });
    expect(past).toEqual({ status: 503, code: 'ERR_SECRET_UNAVAILABLE' });
  },
});
