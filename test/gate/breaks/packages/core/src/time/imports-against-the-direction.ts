export { keep as keep0 } from '../secret/keep.ts'; // breaks eslint(no-restricted-imports): time/ imports
export { keep as keep1 } from '../ports/keep.ts'; // breaks eslint(no-restricted-imports): time/ imports
export { keep as keep2 } from '../options/keep.ts'; // breaks eslint(no-restricted-imports): time/ imports
export { keep as keep3 } from '../memory/keep.ts'; // breaks eslint(no-restricted-imports): time/ imports
export { keep as keep4 } from '../endpoint/keep.ts'; // breaks eslint(no-restricted-imports): time/ imports
export { keep as keep5 } from '../adapter-kit/keep.ts'; // breaks eslint(no-restricted-imports): time/ imports
export { keep as keep6 } from '../fetch/keep.ts'; // breaks eslint(no-restricted-imports): time/ imports
export { keep as keep7 } from '../store-tier/keep.ts'; // breaks eslint(no-restricted-imports): time/ imports
export { keep as keep8 } from '../client/keep.ts'; // breaks eslint(no-restricted-imports): time/ imports
export { keep as keep9 } from '../config/keep.ts'; // breaks eslint(no-restricted-imports): time/ imports
export { keep as keep10 } from '../credentials/keep.ts'; // breaks eslint(no-restricted-imports): time/ imports
export { keep as keep11 } from '../transports/keep.ts'; // breaks eslint(no-restricted-imports): time/ imports
export { keep as keep12 } from '../seal/keep.ts'; // breaks eslint(no-restricted-imports): time/ imports
export { keep as keep13 } from '../file-store/keep.ts'; // breaks eslint(no-restricted-imports): time/ imports
export { keep as keep14 } from '../platform/keep.ts'; // breaks eslint(no-restricted-imports): time/ imports
export type { Keep } from '../secret/keep.ts'; // breaks eslint(no-restricted-imports): time/ imports
export { keep as keep14 } from '../network/keep.ts'; // breaks eslint(no-restricted-imports): time/ imports
export { keep as keep15 } from '../diagnostics/keep.ts'; // breaks eslint(no-restricted-imports): time/ imports
export { createClient } from '../create-client.ts'; // breaks eslint(no-restricted-imports): no other room
export * from '../index.ts'; // breaks eslint(no-restricted-imports): no other room
export { createHash } from 'node:crypto'; // breaks eslint(no-restricted-imports): no node:*
export { getProperties } from 'properties-file'; // breaks eslint(no-restricted-imports): no package
export const later = (): Promise<unknown> => import('../secret/keep.ts'); // breaks eslint(no-restricted-imports): time/ imports
export const hidden = (name: string): Promise<unknown> => import(`../config/${name}.ts`); // breaks syntax(no-restricted-syntax): as a string
export type Hidden = import('node:fs').Stats; // breaks typescript(consistent-type-imports): regular type import
