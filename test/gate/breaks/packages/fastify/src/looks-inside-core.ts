export { Entry } from '@kms-secrets/core/src/cache/entry.ts'; // breaks eslint(no-restricted-imports): by its door
export type { Secret } from '@kms-secrets/core/dist/secret.js'; // breaks eslint(no-restricted-imports): by its door
export { secret } from '../../core/src/secret.ts'; // breaks eslint(no-restricted-imports): by its door
export { FakeKms } from '@kms-secrets/testing'; // breaks eslint(no-restricted-imports): what a stranger's adapter could
export { KmsSecretsModule } from '@kms-secrets/nestjs'; // breaks eslint(no-restricted-imports): what a stranger's adapter could
export { readFile } from 'node:fs/promises'; // breaks eslint(no-restricted-imports): An adapter imports
export { request } from 'undici'; // breaks eslint(no-restricted-imports): An adapter imports
export const later = (): Promise<unknown> => import('../../core/src/secret.ts'); // breaks eslint(no-restricted-imports): by its door
