import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

export const untrustedCertificate: Scenario = scenario({
  promise: 'A wrong certificate revokes nothing',
  given: ({ kms }) => {
    kms.put('db', 's3cret-one', { versionId: 'v1' });
    return { ttl: '1m' };
  },
  when: async ({ app, kms, clock }) => {
    await app.read('db');
    kms.fault({ kind: 'certificate', of: 'otherCa' });
    // A certificate is looked at when a connection is made, and there is one still.
    await kms.stop('cn-hangzhou');
    await kms.start('cn-hangzhou');
    const requests = kms.requests.length;
    await clock.pass('2m');
    return { answer: await app.read('db'), requestsMeanwhile: kms.requests.length - requests };
  },
  then: ({ answer, requestsMeanwhile }, expect) => {
    expect(answer).toMatchObject({ status: 200, versionId: 'v1', stale: true });
    expect(requestsMeanwhile).toBe(0);
  },
});
