import { randomBytes } from 'node:crypto';
import { StoreError } from '@kms-secrets/core';
import type { Redis } from 'ioredis';

export const token: string = randomBytes(12).toString('hex');
export const failure: StoreError = new StoreError('no');
export const open = async (url: string): Promise<Redis> => new (await import('ioredis')).Redis(url);
