export { keep as guard } from './resilience/keep.ts'; // breaks eslint(no-restricted-imports): what is kept
export { openapi } from './transports/openapi/transport.ts'; // breaks eslint(no-restricted-imports): what is kept
export { client } from './client.ts'; // breaks eslint(no-restricted-imports): what is kept
export { readFile } from 'node:fs/promises'; // breaks eslint(no-restricted-imports): what is kept
export { tiers } from './tiers.ts'; // breaks eslint(no-restricted-imports): what is kept
