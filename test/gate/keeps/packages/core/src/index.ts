export { createClient } from './create-client.ts';
export type { Secret } from './secret.ts';
