export { createKeyring } from '../../core/src/seal/keyring.ts'; // breaks eslint(no-restricted-imports): imports @kms-secrets/core
export { parse } from 'yaml'; // breaks eslint(no-restricted-imports): imports @kms-secrets/core
import { redisStore } from '@kms-secrets/redis'; // breaks syntax(no-restricted-syntax): An optional package is loaded by import()
export const home = process.env['HOME']; // breaks node(no-process-env): process.env
console.log(redisStore); // breaks eslint(no-console): console
