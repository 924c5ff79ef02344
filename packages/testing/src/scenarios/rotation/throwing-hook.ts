import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

export const throwingHook: Scenario = scenario({
  promise: 'A transform hook that throws does not stop refreshes',
  given: ({ kms }) => {
    kms.put('db', 's3cret-one', { versionId: 'v1' });
    return {
      ttl: '1m',
      hook: {
        transform: (secret) => {
          if (secret.versionId === 'v2') throw new Error('unsupported version');
          return secret;
        },
      },
    };
  },
  when: async ({ app, kms, clock }) => {
    await app.read('db');
    kms.put('db', 's3cret-two', { versionId: 'v2' });
    await clock.pass('2m');
    const rejected = await app.read('db');
    kms.put('db', 's3cret-three', { versionId: 'v3' });
    await clock.pass('5m');
    return { rejected, later: await app.read('db') };
  },
  then: ({ rejected, later }, expect) => {
    expect(rejected).toMatchObject({ status: 200, versionId: 'v1', stale: true });
    expect(later).toMatchObject({ status: 200, versionId: 'v3', stale: false });
  },
});
