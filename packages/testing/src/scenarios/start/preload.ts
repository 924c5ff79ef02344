import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

export const preload: Scenario = scenario({
  promise: 'ready() waits for the preloaded secrets, which then stay fresh',
  given: ({ kms }) => {
    kms.put('db', 's3cret-one', { versionId: 'v1' });
    kms.put('cache', 's3cret-two', { versionId: 'v1' });
    kms.fault({ kind: 'html', status: 502 }, { times: 3 });
    return { preload: ['db', 'cache'], ttl: '1m' };
  },
  when: async ({ app, kms, clock }) => {
    let isReady = false;
    const ready = app.ready().finally(() => {
      isReady = true;
    });
    await clock.pass(100);
    const wasReady = isReady;
    await clock.pass('5s');
    const { status } = await ready;
    kms.put('db', 's3cret-three', { versionId: 'v2' });
    await clock.pass('1m');
    const requests = kms.requests.length;
    const reads = [await app.read('db'), await app.read('cache')];
    return { wasReady, status, reads, requestsOfReads: kms.requests.length - requests };
  },
  then: ({ wasReady, status, reads, requestsOfReads }, expect) => {
    expect(wasReady).toBe(false);
    expect(status).toBe(200);
    expect(reads).toMatchObject([{ versionId: 'v2' }, { versionId: 'v1' }]);
    expect(requestsOfReads).toBe(0);
  },
});
