export { Entry } from '@kms-secrets/core/src/cache/entry.ts'; // breaks eslint(no-restricted-imports): by its door
export { secret } from '../../core/src/secret.ts'; // breaks eslint(no-restricted-imports): by its door
export { FakeKms } from '@kms-secrets/testing'; // breaks eslint(no-restricted-imports): what a stranger's adapter could
export { secrets } from '@kms-secrets/express'; // breaks eslint(no-restricted-imports): what a stranger's adapter could
export { workAsyncStorage } from 'next/dist/server/app-render/work-async-storage.external.js'; // breaks eslint(no-restricted-imports): An adapter imports
export { headers } from 'next/headers'; // breaks eslint(no-restricted-imports): An adapter imports
export { readFile } from 'node:fs/promises'; // breaks eslint(no-restricted-imports): An adapter imports
export const later = (): Promise<unknown> => import('../../core/src/secret.ts'); // breaks eslint(no-restricted-imports): by its door
