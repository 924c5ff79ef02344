import { createHash } from 'node:crypto';
import type { Config } from '@alicloud/credentials';
import { keep } from './keep.ts';
import { keep as options } from '../options/keep.ts';
import { keep as platform } from '../platform/keep.ts';
import { keep as ports } from '../ports/keep.ts';
import { keep as secret } from '../secret/keep.ts';
import { keep as time } from '../time/keep.ts';
export const edge = async (config: Config): Promise<unknown> => {
  const sdk = await import('@alicloud/credentials');
  return keep([options, platform, ports, secret, time, config, sdk, createHash('sha256'), process.pid]);
};
