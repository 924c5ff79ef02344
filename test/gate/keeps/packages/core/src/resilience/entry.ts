import type { Secret } from '../secret.ts';
import { keep } from './keep.ts';
export const entry = (secret: Secret): unknown => keep(secret);
