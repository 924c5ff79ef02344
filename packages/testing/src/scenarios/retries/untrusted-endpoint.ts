import type { CertificateFault } from '../../fake-kms/index.ts';
import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

const certificates: readonly CertificateFault[] = ['expired', 'wrongName', 'otherCa', 'selfSigned'];

export const untrustedEndpoint: Scenario = scenario({
  promise: 'An untrusted certificate is neither retried nor failed over',
  regions: ['cn-hangzhou', 'cn-shanghai'],
  given: ({ kms }) => {
    for (const name of certificates) kms.put(name, 's3cret-one');
  },
  when: async ({ app, kms, clock }) => {
    const results = [];
    for (const of of certificates) {
      const fault = kms.fault({ kind: 'certificate', of }, { region: 'cn-hangzhou' });
      const [{ status }] = await Promise.all([app.read(of), clock.pass('10s')]);
      results.push({ of, status, connections: fault.hits, requests: kms.requests.length });
      fault.heal();
    }
    return results;
  },
  then: (results, expect) =>
    expect(results).toEqual(certificates.map((of) => ({ of, status: 503, connections: 1, requests: 0 }))),
});
