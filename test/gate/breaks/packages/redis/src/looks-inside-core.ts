export { Entry } from '@kms-secrets/core/src/cache/entry.ts'; // breaks eslint(no-restricted-imports): public API
export type { Secret } from '@kms-secrets/core/dist/secret.js'; // breaks eslint(no-restricted-imports): public API
export { createKeyring } from '../../core/src/stores/keyring.ts'; // breaks eslint(no-restricted-imports): public API
export { secrets } from '@kms-secrets/express'; // breaks eslint(no-restricted-imports): what a store of a user can use
export { readFile } from 'node:fs/promises'; // breaks eslint(no-restricted-imports): node:fs and the Redis client
export { createClient } from 'redis'; // breaks eslint(no-restricted-imports): the Redis client of the user
export const later = (): Promise<unknown> => import('../../core/src/secret.ts'); // breaks eslint(no-restricted-imports): public API
