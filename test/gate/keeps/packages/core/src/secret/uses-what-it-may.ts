import { keep } from './keep.ts';
export const used: unknown = keep([]);
