import {
  contentHeaders,
  errorResponse,
  healthOptionNames,
  healthResponse,
  refuseUnknownOptions,
} from '@kms-secrets/core';
import type { HealthOptions, HttpResponse, SecretClient } from '@kms-secrets/core';
import type { Context } from 'egg';

type EggMiddleware = (ctx: Context, next: () => Promise<unknown>) => Promise<void>;

/**
 * The middleware that Egg loads with the plug-in, as the first: reads `preload` for the request, and answers the errors of the client as
 * `secretErrors` does. It reports them to the app first, as Egg does with all errors: the plug-in `onerror` logs them.
 */
export function kmsSecrets({ preload = [] }: { readonly preload?: readonly string[] }): EggMiddleware {
  const respond = secretErrors();
  return (ctx, next) =>
    respond(ctx, async () => {
      try {
        const loading = ctx.secrets.preload(preload);
        if (loading !== undefined) await loading;
        await next();
      } catch (error) {
        if (errorResponse(error) !== undefined) ctx.app.emit('error', error, ctx);
        throw error;
      }
    });
}

/**
 * A middleware that responds to a `SecretError` with 503, or 500 for a mistake in the program, and `{ code }`, and passes every other error
 * on. It does not log. The plug-in has one around all routes: you need it only inside of a middleware of yours that catches errors.
 */
export function secretErrors(): EggMiddleware {
  return async (ctx, next) => {
    try {
      await next();
    } catch (error) {
      const response = errorResponse(error);
      if (response === undefined || ctx.headerSent) throw error;
      for (const header of contentHeaders) ctx.res.removeHeader(header);
      send(ctx, response);
    }
  };
}

/**
 * A handler for the route of a readiness probe: 200 with `ok` or `degraded`, 503 with `failing`; never a value. Add its path to
 * `config.kmsSecrets.ignore`: a probe must not wait for secrets.
 *
 * Throws `ConfigurationError` for an unknown option.
 */
export function secretsHealth(client: SecretClient, options: HealthOptions = {}): (ctx: Context) => Promise<void> {
  refuseUnknownOptions(options, 'secretsHealth()', healthOptionNames);
  return async (ctx) => send(ctx, healthResponse(client.health(options)));
}

function send(ctx: Context, { status, headers, body }: HttpResponse): void {
  ctx.status = status;
  ctx.set({ ...headers });
  ctx.body = body;
}
