import { isSecretError } from '@kms-secrets/core';
import type { Context } from 'hono';
import { getRuntimeKey } from 'hono/adapter';
import { status } from './status.ts';
export const answer = (c: Context, error: unknown): unknown => [c, isSecretError(error), status, getRuntimeKey()];
