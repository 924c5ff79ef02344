import { createHash } from 'node:crypto';
import type { Config } from '@alicloud/credentials';
import type { Secret } from '../secret.ts';
import { keep } from './keep.ts';
export const edge = async (secret: Secret, config: Config): Promise<unknown> => {
  const sdk = await import('@alicloud/credentials');
  return keep([secret, config, sdk, createHash('sha256'), process.pid]);
};
