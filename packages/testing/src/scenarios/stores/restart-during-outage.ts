import { sha256 } from '../harness/sha256.ts';
import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

export const restartDuringOutage: Scenario = scenario({
  promise: 'With KMS away a restart serves what a store holds and says that it is old',
  given: ({ kms, store }) => {
    kms.put('db', 's3cret-one', { versionId: 'v1' });
    return { stores: store, preload: ['db'] };
  },
  when: async ({ app, kms, clock, store, log, openClient: another }) => {
    const before = another({ stores: store.join() });
    await before.get('db');
    await before.close();
    await clock.pass('3h');
    await kms.stop('cn-hangzhou');
    const startedAt = clock.now();
    const ready = app.ready();
    await clock.pass('1s');
    const { status } = await ready;
    const answer = await app.read('db');
    return {
      status,
      answer,
      waited: clock.now() - startedAt,
      warnings: log.filter((line) => line.startsWith('warn Serving secret "db"')),
    };
  },
  then: ({ status, answer, warnings }, expect) => {
    expect(status).toBe(200);
    expect(answer).toEqual({ status: 200, versionId: 'v1', stale: true, sha256: sha256('s3cret-one') });
    expect(warnings.length).toBe(1);
  },
});
