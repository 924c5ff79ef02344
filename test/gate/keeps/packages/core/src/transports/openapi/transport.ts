import { createHmac } from 'node:crypto';
import { keep } from '../keep.ts';
import { keep as port } from '../../ports/keep.ts';
export const transport: unknown = [keep, port, createHmac];
