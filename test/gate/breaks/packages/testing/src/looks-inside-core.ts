export { Entry } from '@kms-secrets/core/src/cache/entry.ts'; // breaks eslint(no-restricted-imports): by its door
export { secret } from '../../core/src/secret.ts'; // breaks eslint(no-restricted-imports): by its door
export { kmsSecrets } from '@kms-secrets/express'; // breaks eslint(no-restricted-imports): testing is built on
export { request } from 'undici'; // breaks eslint(no-restricted-imports): testing is built on
