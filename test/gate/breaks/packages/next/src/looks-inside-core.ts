export { Entry } from '@kms-secrets/core/src/cache/entry.ts'; // breaks eslint(no-restricted-imports): public API
export { secret } from '../../core/src/secret.ts'; // breaks eslint(no-restricted-imports): public API
export { FakeKms } from '@kms-secrets/testing'; // breaks eslint(no-restricted-imports): what an adapter of a user can use
export { secrets } from '@kms-secrets/express'; // breaks eslint(no-restricted-imports): what an adapter of a user can use
export { workAsyncStorage } from 'next/dist/server/app-render/work-async-storage.external.js'; // breaks eslint(no-restricted-imports): An adapter imports
export { headers } from 'next/headers'; // breaks eslint(no-restricted-imports): An adapter imports
export { readFile } from 'node:fs/promises'; // breaks eslint(no-restricted-imports): An adapter imports
export const later = (): Promise<unknown> => import('../../core/src/secret.ts'); // breaks eslint(no-restricted-imports): public API
