import { createHash } from 'node:crypto';
import { Router } from '@koa/router';
import { isSecretError, secretErrors, secrets, secretsHealth } from '@kms-secrets/koa';
import type { Secret, SecretClient } from '@kms-secrets/koa';
import Koa from 'koa';
import type { Context, Next } from 'koa';

/**
 * Five routes that show what the client does, and never a value.
 *
 * While `isStopping`, readiness fails, every other route works, and each response ends its connection, so that callers open the
 * next one to another process.
 */
export function createApp(client: SecretClient, isStopping = (): boolean => false): Koa {
  const app = new Koa();
  app.use(async (ctx, next) => {
    ctx.set('cache-control', 'no-store');
    if (isStopping()) ctx.set('connection', 'close');
    await next();
  });
  app.use(otherErrors);
  app.use(secretErrors());
  app.use(refuseMalformedPaths);

  // In front of secrets(): probes must respond whatever the state of the secrets.
  const probes = new Router();
  probes.get('/ready', async (ctx) => {
    if (isStopping()) return sendCode(ctx, 503, 'ERR_STOPPING');
    await client.ready();
    ctx.body = { isReady: true };
  });
  probes.get('/health', secretsHealth(client));
  probes.get('/stats', (ctx) => {
    ctx.body = client.stats();
  });
  app.use(probes.routes());

  const routes = new Router();
  routes.get('/secrets/:name', async (ctx) => {
    ctx.body = infoOf(await ctx.secrets.get(ctx.params['name'] ?? ''));
  });
  routes.post('/secrets/:name/refresh', async (ctx) => {
    ctx.body = infoOf(await client.refresh(ctx.params['name'] ?? ''));
  });
  app.use(secrets(client)).use(routes.routes());

  app.use((ctx) => sendCode(ctx, 404, 'ERR_NO_ROUTE'));
  return app;
}

function sendCode(ctx: Context, status: number, code: string): void {
  ctx.status = status;
  ctx.body = { code };
}

/** Every error but those of the client. Koa's own handler would send text, without the headers. */
async function otherErrors(ctx: Context, next: Next): Promise<void> {
  try {
    await next();
  } catch (error) {
    if (ctx.headerSent) throw error;
    console.error(error);
    sendCode(ctx, 500, 'ERR_INTERNAL');
  }
}

/** The router would pass a path that cannot be decoded on to the routes, as it is. */
function refuseMalformedPaths(ctx: Context, next: Next): unknown {
  try {
    decodeURIComponent(ctx.path);
  } catch {
    return sendCode(ctx, 400, 'ERR_BAD_REQUEST');
  }
  return next();
}

/** The hash shows whether two values differ. A short value can be guessed from it, so do not expose this service. */
function infoOf(secret: Secret): object {
  const sha256 = createHash('sha256').update(contentOf(secret)).digest('hex');
  return { name: secret.name, versionId: secret.versionId, stale: secret.stale, sha256 };
}

function contentOf(secret: Secret): string | Uint8Array {
  try {
    return secret.text();
  } catch (error) {
    if (isSecretError(error, 'ERR_SECRET_TYPE')) return secret.bytes();
    throw error;
  }
}
