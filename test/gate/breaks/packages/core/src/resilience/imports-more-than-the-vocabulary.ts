export { Other } from '../cache/other.ts'; // breaks eslint(no-restricted-imports): rooms meet only in client.ts
export type { OtherType } from '../cache/other.ts'; // breaks eslint(no-restricted-imports): rooms meet only in client.ts
export { FileStore } from '../stores/file-store.ts'; // breaks eslint(no-restricted-imports): No edge
export { SecretClient } from '../client.ts'; // breaks eslint(no-restricted-imports): rooms meet only in client.ts
export { createClient } from '../create-client.ts'; // breaks eslint(no-restricted-imports): A room imports itself
export * from '../index.ts'; // breaks eslint(no-restricted-imports): A room imports itself
export { createHash } from 'node:crypto'; // breaks eslint(no-restricted-imports): no node:*
export { getProperties } from 'properties-file'; // breaks eslint(no-restricted-imports): no package
export const later = (): Promise<unknown> => import('../cache/other.ts'); // breaks eslint(no-restricted-imports): A room imports itself
export const hidden = (name: string): Promise<unknown> => import(`../cache/${name}.ts`); // breaks syntax(no-restricted-syntax): as a string
export type Hidden = import('node:fs').Stats; // breaks typescript(consistent-type-imports): regular type import
