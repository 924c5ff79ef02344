export { keep as keep0 } from '../memory/keep.ts'; // breaks eslint(no-restricted-imports): transports/ imports
export { keep as keep1 } from '../endpoint/keep.ts'; // breaks eslint(no-restricted-imports): transports/ imports
export { keep as keep2 } from '../adapter-kit/keep.ts'; // breaks eslint(no-restricted-imports): transports/ imports
export { keep as keep3 } from '../fetch/keep.ts'; // breaks eslint(no-restricted-imports): transports/ imports
export { keep as keep4 } from '../store-tier/keep.ts'; // breaks eslint(no-restricted-imports): transports/ imports
export { keep as keep5 } from '../client/keep.ts'; // breaks eslint(no-restricted-imports): transports/ imports
export { keep as keep6 } from '../config/keep.ts'; // breaks eslint(no-restricted-imports): transports/ imports
export { keep as keep7 } from '../credentials/keep.ts'; // breaks eslint(no-restricted-imports): transports/ imports
export { keep as keep8 } from '../seal/keep.ts'; // breaks eslint(no-restricted-imports): transports/ imports
export { keep as keep9 } from '../file-store/keep.ts'; // breaks eslint(no-restricted-imports): transports/ imports
export { keep as keep10 } from '../diagnostics/keep.ts'; // breaks eslint(no-restricted-imports): transports/ imports
export { createClient } from '../create-client.ts'; // breaks eslint(no-restricted-imports): no other room
export * from '../index.ts'; // breaks eslint(no-restricted-imports): no other room
export type { Secret } from '@kms-secrets/core'; // breaks eslint(no-restricted-imports): transports/ imports
export const later = (): Promise<unknown> => import('../memory/keep.ts'); // breaks eslint(no-restricted-imports): transports/ imports
