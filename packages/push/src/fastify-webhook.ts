import { incomingOf } from './node-handler.ts';
import type { NodeRequest } from './node-handler.ts';
import type { RotationWebhook } from './rotation-webhook.ts';

interface FastifyRequestLike {
  readonly raw: NodeRequest;
}

interface FastifyReplyLike {
  code(status: number): FastifyReplyLike;
  headers(headers: Record<string, string>): FastifyReplyLike;
  send(): unknown;
}

/** The part of a Fastify instance that is used. */
export interface FastifyInstanceLike {
  removeAllContentTypeParsers(): unknown;
  addContentTypeParser(
    type: '*',
    parser: (request: unknown, payload: unknown, done: (error: null) => void) => void,
  ): unknown;
  post(path: string, handler: (request: FastifyRequestLike, reply: FastifyReplyLike) => Promise<unknown>): unknown;
}

/**
 * A plugin for Fastify, with the path as its prefix:
 *
 *     app.register(fastifyWebhook(webhook), { prefix: '/hooks/kms' });
 *
 * Only in its own scope, bodies are not parsed.
 */
export function fastifyWebhook(webhook: RotationWebhook): (app: FastifyInstanceLike) => Promise<void> {
  return async (app) => {
    app.removeAllContentTypeParsers();
    app.addContentTypeParser('*', (_request, _payload, done) => done(null));
    const handle = async (request: FastifyRequestLike, reply: FastifyReplyLike): Promise<unknown> => {
      const { status, headers } = await webhook.receive(incomingOf(request.raw));
      return reply
        .code(status)
        .headers({ ...headers })
        .send();
    };
    app.post('/', handle);
    app.post('/:token', handle);
  };
}
