import { isSecretError } from '@kms-secrets/core';
import type { ExtendableContext } from 'koa';
import { status } from './status.ts';
export const answer = (ctx: ExtendableContext, error: unknown): unknown => [ctx, isSecretError(error), status];
