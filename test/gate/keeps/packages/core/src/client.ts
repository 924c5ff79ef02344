import { entry } from './cache/entry.ts';
import { keep } from './refresh/keep.ts';
import { keep as guard } from './resilience/keep.ts';
import { memory } from './memory.ts';
import type { Secret } from './secret.ts';
export const client = (secret: Secret): unknown => [entry(secret), keep(secret), guard(secret), memory(secret)];
