// @ts-check
import { createHash, createHmac, randomUUID } from 'node:crypto';

const emptyHash = createHash('sha256').update('').digest('hex');

/**
 * Builds a request for a secret, signed with ACS3-HMAC-SHA256 as documented by Alibaba Cloud, step by step.
 * @param {string} name
 * @param {{ endpoint: string; accessKey: { accessKeyId: string; accessKeySecret: string } }} kms
 */
export function signedRequest(name, { endpoint, accessKey }) {
  const query = `FetchExtendedConfig=true&SecretName=${encodeURIComponent(name)}&VersionStage=ACSCurrent`;
  /** @type {Record<string, string>} */
  const headers = {
    host: endpoint,
    'x-acs-action': 'GetSecretValue',
    'x-acs-content-sha256': emptyHash,
    'x-acs-date': `${new Date().toISOString().slice(0, 19)}Z`,
    'x-acs-signature-nonce': randomUUID(),
    'x-acs-version': '2016-01-20',
  };
  const signedHeaders = Object.keys(headers).join(';');
  const lines = Object.entries(headers).map(([header, value]) => `${header}:${value}\n`);
  const canonicalRequest = ['POST', '/', query, lines.join(''), signedHeaders, emptyHash].join('\n');
  const stringToSign = `ACS3-HMAC-SHA256\n${createHash('sha256').update(canonicalRequest).digest('hex')}`;
  const signature = createHmac('sha256', accessKey.accessKeySecret).update(stringToSign).digest('hex');
  headers['authorization'] =
    `ACS3-HMAC-SHA256 Credential=${accessKey.accessKeyId},SignedHeaders=${signedHeaders},Signature=${signature}`;
  return { path: `/?${query}`, headers };
}
