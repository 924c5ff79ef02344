import { keep } from './keep.ts';
import { keep as secret } from '../secret/keep.ts';
export const used: unknown = keep([secret]);
