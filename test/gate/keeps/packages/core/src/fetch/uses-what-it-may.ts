import { keep } from './keep.ts';
import { keep as endpoint } from '../endpoint/keep.ts';
import { keep as options } from '../options/keep.ts';
import { keep as ports } from '../ports/keep.ts';
import { keep as secret } from '../secret/keep.ts';
import { keep as time } from '../time/keep.ts';
export const used: unknown = keep([endpoint, options, ports, secret, time]);
