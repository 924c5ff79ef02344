import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

export const accessRestored: Scenario = scenario({
  promise: 'A secret is served again once access is restored',
  given: ({ kms }) => {
    kms.put('db', 's3cret-one', { versionId: 'v1' });
    kms.deny('db');
  },
  when: async ({ app, kms, clock }) => {
    const denied = await app.read('db');
    kms.allow('db');
    await clock.pass('10s');
    return { denied, allowed: await app.read('db') };
  },
  then: ({ denied, allowed }, expect) => {
    expect(denied).toEqual({ status: 503, code: 'ERR_ACCESS_DENIED' });
    expect(allowed).toMatchObject({ status: 200, versionId: 'v1' });
  },
});
