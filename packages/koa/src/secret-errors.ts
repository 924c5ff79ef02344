import { contentHeaders, errorResponse } from '@kms-secrets/core';
import type { ExtendableContext, Next } from 'koa';

/**
 * A middleware that responds to a `SecretError` with 503, or 500 for a mistake in the program, and `{ code }`, and passes every
 * other error on. Add it in front of `secrets()` and the routes. It does not log.
 */
export function secretErrors(): (ctx: ExtendableContext, next: Next) => Promise<void> {
  return async (ctx, next) => {
    try {
      await next();
    } catch (error) {
      const response = errorResponse(error);
      if (response === undefined || ctx.headerSent) throw error;
      for (const header of contentHeaders) ctx.remove(header);
      ctx.status = response.status;
      ctx.set(response.headers);
      ctx.body = response.body;
    }
  };
}
