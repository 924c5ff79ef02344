import { incomingOf } from './node-handler.ts';
import type { NodeRequest } from './node-handler.ts';
import type { RotationWebhook } from './rotation-webhook.ts';

/** The part of the context of Koa that is used. */
export interface KoaContext {
  readonly req: NodeRequest;
  /** `rawBody`: set by body parsers. */
  readonly request: object & { readonly rawBody?: unknown };
  status: number;
  body: unknown;
  set(name: string, value: string): unknown;
}

/** A middleware for Koa. Mount it on a path, with a router or with koa-mount. */
export function koaHandler(webhook: RotationWebhook): (context: KoaContext) => Promise<void> {
  return async (context) => {
    const { status, headers } = await webhook.receive(incomingOf(context.req, context.request.rawBody));
    context.body = null;
    context.status = status;
    for (const [name, value] of Object.entries(headers)) context.set(name, value);
  };
}
