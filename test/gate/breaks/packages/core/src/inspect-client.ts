export { createHash } from 'node:crypto'; // breaks eslint(no-restricted-imports): connect the rooms
export { Config } from '@alicloud/credentials'; // breaks eslint(no-restricted-imports): connect the rooms
export * from './index.ts'; // breaks eslint(no-restricted-imports): connect the rooms
