// @ts-check
// Runs in its own process. Measures one signature of a request against the HMAC that every signature needs.
import { createHmac, createSecretKey } from 'node:crypto';
import { timeInRounds } from '../measure.mjs';
import { importInternal } from '../import-internal.mjs';
import { readTask } from '../../support/processes.mjs';

const { authorization, canonicalQuery, emptyBodyHash, signatureDate, signedNames } = await importInternal(
  '@kms-secrets/core',
  'transports/openapi/sign.ts',
);
const key = { accessKeyId: 'FakeAccessKeyId', accessKeySecret: 'FakeAccessKeySecret' };
/** As the transport keeps it. */
const signingKey = { ...key, accessKeySecret: createSecretKey(key.accessKeySecret, 'utf8') };
const signed = signedNames([
  'host',
  'x-acs-action',
  'x-acs-content-sha256',
  'x-acs-date',
  'x-acs-signature-nonce',
  'x-acs-version',
]);
const text = 'x'.repeat(390);
const query = canonicalQuery({ FetchExtendedConfig: 'true', SecretName: 'app/secret-0', VersionStage: 'ACSCurrent' });
const samples = await timeInRounds(
  {
    hmac(times) {
      for (let done = 0; done < times; done += 1) createHmac('sha256', key.accessKeySecret).update(text).digest('hex');
    },
    ours(times) {
      for (let done = 0; done < times; done += 1) authorization(requestOf(done), signingKey);
    },
  },
  readTask(),
);
console.log(JSON.stringify(samples));

/** @param {number} count makes each request different, as the nonce does */
function requestOf(count) {
  const headers = {
    host: 'kms.cn-hangzhou.aliyuncs.com',
    'x-acs-action': 'GetSecretValue',
    'x-acs-content-sha256': emptyBodyHash,
    'x-acs-date': signatureDate(1_767_323_045_000 + count),
    'x-acs-signature-nonce': `6a7f0c53-5b6b-4c3a-9f1e-${count}`,
    'x-acs-version': '2016-01-20',
  };
  return { method: 'POST', path: '/', query, headers, signed, bodyHash: emptyBodyHash };
}
