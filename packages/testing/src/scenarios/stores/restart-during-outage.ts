import { sha256 } from '../harness/sha256.ts';
import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

export const restartDuringOutage: Scenario = scenario({
  promise: 'After a restart during an outage, stored values are served as stale',
  given: ({ kms, store }) => {
    kms.put('db', 's3cret-one', { versionId: 'v1' });
    return { stores: store, preload: ['db'] };
  },
  when: async ({ app, kms, clock, store, log, openClient }) => {
    const previous = openClient({ stores: store.join() });
    await previous.get('db');
    await previous.close();
    await clock.pass('3h');
    await kms.stop('cn-hangzhou');
    const ready = app.ready();
    await clock.pass('1s');
    const { status } = await ready;
    const response = await app.read('db');
    return {
      status,
      response,
      warnings: log.filter((line) => line.startsWith('warn Serving a stale value of "db"')),
    };
  },
  then: ({ status, response, warnings }, expect) => {
    expect(status).toBe(200);
    expect(response).toEqual({ status: 200, versionId: 'v1', stale: true, sha256: sha256('s3cret-one') });
    expect(warnings.length).toBe(1);
  },
});
