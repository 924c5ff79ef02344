import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

export const identityRetried: Scenario = scenario({
  promise: 'A rejected identity is retried with backoff, and its error is not cached',
  given: ({ kms }) => {
    kms.put('db', 's3cret-one', { versionId: 'v1' });
  },
  when: async ({ app, kms, clock }) => {
    const fault = kms.fault({ kind: 'error', status: 404, code: 'InvalidAccessKeyId.NotFound' });
    const [failed] = await Promise.all([app.read('db'), clock.pass('10s')]);
    const attempts = kms.requests.length;
    fault.heal();
    return { failed, attempts, next: await app.read('db') };
  },
  then: ({ failed, attempts, next }, expect) => {
    expect(failed).toEqual({ status: 503, code: 'ERR_IDENTITY_REJECTED' });
    expect(attempts).toBe(5);
    expect(next).toMatchObject({ status: 200, versionId: 'v1' });
  },
});
