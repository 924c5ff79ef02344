import { isSecretError } from '@kms-secrets/core';
import type { FastifyRequest } from 'fastify';
import fastifyPlugin from 'fastify-plugin';
import { status } from './status.ts';
export const answer = (request: FastifyRequest, error: unknown): unknown => [request, isSecretError(error), status, fastifyPlugin];
