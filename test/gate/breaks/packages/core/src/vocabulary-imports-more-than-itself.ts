export { Entry } from './cache/entry.ts'; // breaks eslint(no-restricted-imports): The vocabulary
export type { Environment } from './config/environment.ts'; // breaks eslint(no-restricted-imports): no room, no edge
export { SecretClient } from './client.ts'; // breaks eslint(no-restricted-imports): imports only itself
export { SecretMemory } from './memory.ts'; // breaks eslint(no-restricted-imports): imports only itself
export { SecretTiers } from './tiers.ts'; // breaks eslint(no-restricted-imports): imports only itself
export { createClient } from './create-client.ts'; // breaks eslint(no-restricted-imports): imports only itself
export * from './index.ts'; // breaks eslint(no-restricted-imports): imports only itself
import { readFileSync } from 'node:fs'; // breaks eslint(no-restricted-imports): no node:*
import { getProperties } from 'properties-file'; // breaks eslint(no-restricted-imports): no package
export const read = [readFileSync, getProperties];
export const later = (): Promise<unknown> => import('./stores/file-store.ts'); // breaks eslint(no-restricted-imports): The vocabulary
