export { isSecretError } from '@kms-secrets/core'; // breaks eslint(no-restricted-imports): A new package
export { secret } from '../../core/src/secret.ts'; // breaks eslint(no-restricted-imports): A new package
export { readFile } from 'node:fs/promises'; // breaks eslint(no-restricted-imports): A new package
