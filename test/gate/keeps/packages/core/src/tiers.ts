import { entry } from './cache/entry.ts';
import { memory } from './memory.ts';
import type { Secret } from './secret.ts';
export const tiers = (secret: Secret): unknown => [entry(secret), memory(secret)];
