export { keep } from './secret/keep.ts'; // breaks eslint(no-restricted-imports): imports nothing
