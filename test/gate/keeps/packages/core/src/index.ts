export { createClient } from './create-client.ts';
export type { Keep } from './secret/keep.ts';
export { keep } from './adapter-kit/keep.ts';
