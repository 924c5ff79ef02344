import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

export const untrustedCertificate: Scenario = scenario({
  promise: 'An untrusted certificate evicts no value',
  given: ({ kms }) => {
    kms.put('db', 's3cret-one', { versionId: 'v1' });
    return { ttl: '1m' };
  },
  when: async ({ app, kms, clock }) => {
    await app.read('db');
    kms.fault({ kind: 'certificate', of: 'otherCa' });
    // The certificate is checked when a connection opens, so the open one is closed first.
    await kms.stop('cn-hangzhou');
    await kms.start('cn-hangzhou');
    const requests = kms.requests.length;
    await clock.pass('2m');
    return { response: await app.read('db'), requestsSince: kms.requests.length - requests };
  },
  then: ({ response, requestsSince }, expect) => {
    expect(response).toMatchObject({ status: 200, versionId: 'v1', stale: true });
    expect(requestsSince).toBe(0);
  },
});
