import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

export const forcedRefresh: Scenario = scenario({
  promise: 'A forced refresh fetches immediately and never returns the cached value',
  given: ({ kms }) => {
    kms.put('db', 's3cret-one', { versionId: 'v1' });
  },
  when: async ({ app, kms, clock }) => {
    await app.read('db');
    kms.put('db', 's3cret-two', { versionId: 'v2' });
    const refreshed = await app.refresh('db');
    const read = await app.read('db');
    await kms.stop('cn-hangzhou');
    const [failed] = await Promise.all([app.refresh('db'), clock.pass('10s')]);
    return { refreshed, read, failed, after: await app.read('db') };
  },
  then: ({ refreshed, read, failed, after }, expect) => {
    expect(refreshed).toMatchObject({ status: 200, versionId: 'v2', stale: false });
    expect(read).toMatchObject({ status: 200, versionId: 'v2', stale: false });
    expect(failed).toEqual({ status: 503, code: 'ERR_SECRET_UNAVAILABLE' });
    expect(after).toMatchObject({ status: 200, versionId: 'v2', stale: false });
  },
});
