export { secret } from '../../../packages/core/src/secret.ts'; // breaks eslint(no-restricted-imports): public API
export { entry } from '@kms-secrets/core/src/cache/entry.ts'; // breaks eslint(no-restricted-imports): public API
export default 1; // breaks import(no-default-export): default
