export { openapi } from './transports/openapi/transport.ts'; // breaks eslint(no-restricted-imports): it knows no edge
export { createClient } from './create-client.ts'; // breaks eslint(no-restricted-imports): the story of one read
export { readFile } from 'node:fs/promises'; // breaks eslint(no-restricted-imports): the story of one read
export const now = Date.now(); // breaks eslint(no-restricted-properties): Clock.now()
