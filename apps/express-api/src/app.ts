/* oxlint-disable oxc/no-async-endpoint-handlers -- Express 5 passes their rejections to the error handlers */
import { createHash } from 'node:crypto';
import { isSecretError, secretErrors, secrets, secretsHealth } from '@kms-secrets/express';
import type { Secret, SecretClient } from '@kms-secrets/express';
import { prometheusMetrics } from '@kms-secrets/opentelemetry/prometheus';
import express from 'express';
import type { ErrorRequestHandler, Express } from 'express';

/**
 * Five routes that show what the client does, and never a value; and its metrics for Prometheus.
 *
 * While `isStopping`, readiness fails, every other route works, and each response ends its connection, so that callers open the
 * next one to another process.
 */
export function createApp(client: SecretClient, isStopping = (): boolean => false): Express {
  const app = express().disable('x-powered-by').disable('etag');
  app.use((_req, res, next) => {
    res.set('cache-control', 'no-store');
    if (isStopping()) res.set('connection', 'close');
    next();
  });

  // In front of secrets(): probes must respond whatever the state of the secrets.
  app.get('/ready', async (_req, res) => {
    if (isStopping()) {
      res.status(503).json({ code: 'ERR_STOPPING' });
      return;
    }
    await client.ready();
    res.json({ isReady: true });
  });
  app.get('/health', secretsHealth(client));
  app.get('/stats', (_req, res) => {
    res.json(client.stats());
  });
  app.get('/metrics', prometheusMetrics({ clients: [client] }).handle);

  app.use(secrets(client));
  app.get('/secrets/:name', async (req, res) => {
    res.json(infoOf(await req.secrets.get(req.params.name)));
  });
  app.post('/secrets/:name/refresh', async (req, res) => {
    res.json(infoOf(await client.refresh(req.params.name)));
  });

  app.use((_req, res) => {
    res.status(404).json({ code: 'ERR_NO_ROUTE' });
  });
  app.use(secretErrors(), otherErrors);
  return app;
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

/** For example a URL that cannot be decoded. Express's own handler would send the stack to the caller. */
// oxlint-disable-next-line max-params -- Express recognises an error handler by its four parameters
const otherErrors: ErrorRequestHandler = (error: unknown, _req, res, next) => {
  if (res.headersSent) return next(error);
  if (typeof error === 'object' && error !== null && 'status' in error && error.status === 400) {
    res.status(400).json({ code: 'ERR_BAD_REQUEST' });
    return;
  }
  console.error(error);
  res.status(500).json({ code: 'ERR_INTERNAL' });
};
