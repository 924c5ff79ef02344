export { Entry } from '@kms-secrets/core/src/cache/entry.ts'; // breaks eslint(no-restricted-imports): public API
export { secret } from '../../core/src/secret.ts'; // breaks eslint(no-restricted-imports): public API
export { kmsSecrets } from '@kms-secrets/express'; // breaks eslint(no-restricted-imports): testing imports
export { request } from 'undici'; // breaks eslint(no-restricted-imports): testing imports
