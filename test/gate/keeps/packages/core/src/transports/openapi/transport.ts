import { request } from 'node:https';
import type { Secret } from '../../secret.ts';
import { keep } from '../keep.ts';
import { sign } from './sign.ts';
export const fetchSecret = (secret: Secret): unknown => keep([secret, sign, request]);
