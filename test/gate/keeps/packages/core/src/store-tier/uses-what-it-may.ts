import { keep } from './keep.ts';
import { keep as memory } from '../memory/keep.ts';
import { keep as options } from '../options/keep.ts';
import { keep as ports } from '../ports/keep.ts';
import { keep as secret } from '../secret/keep.ts';
import { keep as time } from '../time/keep.ts';
export const used: unknown = keep([memory, options, ports, secret, time]);
