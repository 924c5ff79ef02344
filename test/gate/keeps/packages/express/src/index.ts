import { isSecretError } from '@kms-secrets/core';
import type { Request } from 'express';
import { status } from './status.ts';
export const answer = (request: Request, error: unknown): unknown => [request, isSecretError(error), status];
