export { secret } from '../../../core/src/secret.ts'; // breaks eslint(no-restricted-imports): by its door
