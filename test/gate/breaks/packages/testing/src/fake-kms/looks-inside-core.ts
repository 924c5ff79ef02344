export { secret } from '../../../core/src/secret.ts'; // breaks eslint(no-restricted-imports): public API
