import type { Failure } from './failures.ts';
export type Secret = { failure?: Failure };
