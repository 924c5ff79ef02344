import { entry } from './cache/entry.ts';
import { keep } from './refresh/keep.ts';
import type { Secret } from './secret.ts';
export const memory = (secret: Secret): unknown => [entry(secret), keep(secret)];
