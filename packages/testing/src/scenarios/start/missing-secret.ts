import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

export const missingSecret: Scenario = scenario({
  promise: 'ready() rejects while a preloaded secret is missing',
  given: ({ kms }) => {
    kms.put('db', 's3cret-one');
    return { preload: ['db', 'missing'] };
  },
  when: async ({ app, kms, clock }) => {
    const [before] = await Promise.all([app.ready(), clock.pass('30s')]);
    kms.put('missing', 's3cret-two');
    await clock.pass('10s');
    const [after] = await Promise.all([app.ready(), clock.pass('30s')]);
    return { before, after };
  },
  then: ({ before, after }, expect) => {
    expect(before).toEqual({ status: 503, code: 'ERR_SECRET_SET' });
    expect(after.status).toBe(200);
  },
});
