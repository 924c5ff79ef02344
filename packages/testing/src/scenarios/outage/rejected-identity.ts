import type { FakeFault } from '../../fake-kms/index.ts';
import { sha256 } from '../harness/sha256.ts';
import { scenario } from '../harness/scenario.ts';
import type { Scenario } from '../harness/scenario.ts';

const kmsError = (status: number, code: string): FakeFault => ({ kind: 'error', status, code });

/** What KMS says about the credentials, the clock, the account or the request, and not about the secret. */
const faults: Readonly<Record<string, FakeFault>> = {
  'unknown-key-id': kmsError(404, 'InvalidAccessKeyId.NotFound'),
  'disabled-key-id': kmsError(400, 'InvalidAccessKeyId.Inactive'),
  'wrong-signature': kmsError(400, 'SignatureDoesNotMatch'),
  'incomplete-signature': kmsError(400, 'IncompleteSignature'),
  'expired-token': kmsError(400, 'InvalidSecurityToken.Expired'),
  unauthorized: kmsError(401, 'Unauthorized'),
  'wrong-clock': kmsError(400, 'InvalidTimeStamp.Expired'),
  'used-nonce': kmsError(400, 'SignatureNonceUsed'),
  'in-debt': kmsError(403, 'Forbidden.InDebt'),
  'risk-control': kmsError(403, 'Forbidden.RiskControl'),
  'unverified-account': kmsError(403, 'Forbidden.UserVerification'),
  'invalid-action': kmsError(403, 'InvalidAction'),
  'request-timeout': kmsError(408, 'RequestTimeout'),
  firewall: { kind: 'firewall', status: 403 },
};

export const rejectedIdentity: Scenario = scenario({
  promise: 'What KMS says about the credentials, the clock or the account evicts no value',
  given: ({ kms, store }) => {
    for (const [name, fault] of Object.entries(faults)) {
      kms.put(name, 's3cret-one', { versionId: 'v1' });
      // The first read succeeds: `chunked` is a valid response.
      kms.fault({ kind: 'chunked' }, { secretName: name, times: 1 });
      kms.fault(fault, { secretName: name });
    }
    return { ttl: '1m', stores: store };
  },
  when: async ({ app, clock, store }) => {
    const names = Object.keys(faults);
    await Promise.all(names.map((name) => app.read(name)));
    await clock.pass('2m');
    const responses = await Promise.all(names.map((name) => app.read(name)));
    return {
      responses: Object.fromEntries(names.map((name, index) => [name, responses[index]])),
      stored: names.filter((name) => store.peek({ name, stage: 'ACSCurrent' }) !== undefined),
    };
  },
  then: ({ responses, stored }, expect) => {
    const stale = { status: 200, versionId: 'v1', stale: true, sha256: sha256('s3cret-one') };
    expect(responses).toEqual(Object.fromEntries(Object.keys(faults).map((name) => [name, stale])));
    expect(stored).toEqual(Object.keys(faults));
  },
});
