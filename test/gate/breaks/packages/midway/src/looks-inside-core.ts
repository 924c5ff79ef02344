export { Entry } from '@kms-secrets/core/src/cache/entry.ts'; // breaks eslint(no-restricted-imports): public API
export type { Secret } from '@kms-secrets/core/dist/secret.js'; // breaks eslint(no-restricted-imports): public API
export { secret } from '../../core/src/secret.ts'; // breaks eslint(no-restricted-imports): public API
export { FakeKms } from '@kms-secrets/testing'; // breaks eslint(no-restricted-imports): is not the only web framework of Midway
export { KmsSecretsModule } from '@kms-secrets/nestjs'; // breaks eslint(no-restricted-imports): is not the only web framework of Midway
export { readFile } from 'node:fs/promises'; // breaks eslint(no-restricted-imports): An adapter imports
export { request } from 'undici'; // breaks eslint(no-restricted-imports): An adapter imports
export const later = (): Promise<unknown> => import('../../core/src/secret.ts'); // breaks eslint(no-restricted-imports): public API
export { Framework } from '@midwayjs/koa'; // breaks eslint(no-restricted-imports): is not the only web framework of Midway
