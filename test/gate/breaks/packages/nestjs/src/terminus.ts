export { FakeKms } from '@kms-secrets/testing'; // breaks eslint(no-restricted-imports): An adapter imports
export { readFile } from 'node:fs/promises'; // breaks eslint(no-restricted-imports): An adapter imports
