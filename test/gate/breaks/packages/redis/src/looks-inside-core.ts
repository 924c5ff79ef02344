export { Entry } from '@kms-secrets/core/src/cache/entry.ts'; // breaks eslint(no-restricted-imports): by its door
export type { Secret } from '@kms-secrets/core/dist/secret.js'; // breaks eslint(no-restricted-imports): by its door
export { createKeyring } from '../../core/src/stores/keyring.ts'; // breaks eslint(no-restricted-imports): by its door
export { secrets } from '@kms-secrets/express'; // breaks eslint(no-restricted-imports): what a stranger's store could
export { readFile } from 'node:fs/promises'; // breaks eslint(no-restricted-imports): node:crypto, and the client
export { createClient } from 'redis'; // breaks eslint(no-restricted-imports): the client that the user has
export const later = (): Promise<unknown> => import('../../core/src/secret.ts'); // breaks eslint(no-restricted-imports): by its door
