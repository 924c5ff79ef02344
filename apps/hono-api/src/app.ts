import { createHash } from 'node:crypto';
import { isSecretError, secretErrors, secrets, secretsHealth } from '@kms-secrets/hono';
import type { Secret, SecretClient } from '@kms-secrets/hono';
import { Hono } from 'hono';
import type { Context, ErrorHandler } from 'hono';

/**
 * Five routes that show what the client does, and never a value.
 *
 * While `isStopping`, readiness fails, every other route works, and each response ends its connection, so that callers open the
 * next one to another process.
 */
export function createApp(client: SecretClient, isStopping = (): boolean => false): Hono {
  const app = new Hono();
  app.use(async (c, next) => {
    c.header('cache-control', 'no-store');
    if (isStopping()) c.header('connection', 'close');
    await next();
  });

  // In front of secrets(): probes must respond whatever the state of the secrets.
  app.get('/ready', async (c) => {
    if (isStopping()) return c.json({ code: 'ERR_STOPPING' }, 503);
    await client.ready();
    return c.json({ isReady: true });
  });
  app.get('/health', secretsHealth(client));
  app.get('/stats', (c) => c.json(client.stats()));

  const routes = new Hono()
    .use(secrets(client))
    .get('/:name', async (c) => c.json(infoOf(await c.var.secrets.get(nameIn(c)))))
    .post('/:name/refresh', async (c) => c.json(infoOf(await client.refresh(nameIn(c)))));
  app.route('/secrets', routes);

  app.notFound((c) => c.json({ code: 'ERR_NO_ROUTE' }, 404));
  app.onError(secretErrors(otherErrors));
  return app;
}

/** Hono decodes a path twice, and passes on as it is what cannot be decoded. Throws `URIError` instead. */
function nameIn(c: Context): string {
  const [, , name = ''] = new URL(c.req.url).pathname.split('/');
  return decodeURIComponent(name);
}

const otherErrors: ErrorHandler = (error, c) => {
  if (error instanceof URIError) return c.json({ code: 'ERR_BAD_REQUEST' }, 400);
  console.error(error);
  return c.json({ code: 'ERR_INTERNAL' }, 500);
};

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
