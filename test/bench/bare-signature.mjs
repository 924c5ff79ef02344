// @ts-check
import { createHash, createHmac, randomUUID } from 'node:crypto';

const emptyHash = createHash('sha256').update('').digest('hex');

/**
 * A request for a secret, signed by ACS3-HMAC-SHA256 as the documentation has it, step by step.
 * @param {string} name
 * @param {{ endpoint: string; accessKey: { accessKeyId: string; accessKeySecret: string } }} kms
 */
export function signed(name, { endpoint, accessKey }) {
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
  const names = Object.keys(headers).join(';');
  const lines = Object.entries(headers).map(([header, value]) => `${header}:${value}\n`);
  const canonical = ['POST', '/', query, lines.join(''), names, emptyHash].join('\n');
  const text = `ACS3-HMAC-SHA256\n${createHash('sha256').update(canonical).digest('hex')}`;
  const signature = createHmac('sha256', accessKey.accessKeySecret).update(text).digest('hex');
  headers['authorization'] =
    `ACS3-HMAC-SHA256 Credential=${accessKey.accessKeyId},SignedHeaders=${names},Signature=${signature}`;
  return { path: `/?${query}`, headers };
}
