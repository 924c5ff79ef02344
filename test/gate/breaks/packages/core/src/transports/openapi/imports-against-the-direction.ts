export { keep } from '../../memory/keep.ts'; // breaks eslint(no-restricted-imports): transports/ imports
export { FileStore } from '../../file-store/file-store.ts'; // breaks eslint(no-restricted-imports): no other room
export { createClient } from '../../create-client.ts'; // breaks eslint(no-restricted-imports): no other room
export const later = (): Promise<unknown> => import('../../config/settings.ts'); // breaks eslint(no-restricted-imports): no other room
export { setTimeout } from 'node:timers/promises'; // breaks eslint(no-restricted-imports): from the Clock
