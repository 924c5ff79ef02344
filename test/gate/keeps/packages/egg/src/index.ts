import { isSecretError } from '@kms-secrets/core';
import type { Context } from 'egg';
import { AgentServer } from './shared-store/agent-server.ts';
export const answer = (ctx: Context, error: unknown): unknown => [ctx, isSecretError(error), AgentServer];
