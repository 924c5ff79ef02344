export type { SecretClient } from '@kms-secrets/core';
export { createHmac } from 'node:crypto';
export { parseXml } from '@rgrove/parse-xml';
