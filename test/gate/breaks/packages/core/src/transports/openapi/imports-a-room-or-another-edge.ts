export { Entry } from '../../cache/entry.ts'; // breaks eslint(no-restricted-imports): no room
export { FileStore } from '../../stores/file-store.ts'; // breaks eslint(no-restricted-imports): no other edge
export { SecretClient } from '../../client.ts'; // breaks eslint(no-restricted-imports): An edge imports itself
export const later = (): Promise<unknown> => import('../../config/sources.ts'); // breaks eslint(no-restricted-imports): no other edge
export { setTimeout } from 'node:timers/promises'; // breaks eslint(no-restricted-imports): from the Clock
