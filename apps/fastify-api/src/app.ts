import { createHash } from 'node:crypto';
import { isSecretError, secretErrors, secrets, secretsHealth } from '@kms-secrets/fastify';
import type { Secret, SecretClient } from '@kms-secrets/fastify';
import { fastify } from 'fastify';
import type { FastifyInstance, FastifyReply } from 'fastify';

interface ByName {
  Params: { readonly name: string };
}

/**
 * Five routes that show what the client does, and never a value.
 *
 * While `isStopping`, readiness fails, every other route works, and each response ends its connection, so that callers open the
 * next one to another process.
 */
export function createApp(client: SecretClient, isStopping = (): boolean => false): FastifyInstance {
  const app = fastify({
    // Secret names may exceed Fastify's default of 100 characters.
    routerOptions: { maxParamLength: 1_000 },
    // For example a URL that cannot be decoded: it reaches no route and no hook.
    frameworkErrors: (error, _request, reply) => void sendCode(reply, error.statusCode ?? 500, 'ERR_BAD_REQUEST'),
  });
  app.addHook('onRequest', async (_request, reply) => {
    reply.header('cache-control', 'no-store');
    if (isStopping()) reply.header('connection', 'close');
  });
  void app.register(secrets, { client });

  app.get('/ready', async (_request, reply) => {
    if (isStopping()) return sendCode(reply, 503, 'ERR_STOPPING');
    await client.ready();
    return { isReady: true };
  });
  app.get('/health', secretsHealth(client));
  app.get('/stats', async () => client.stats());

  app.get<ByName>('/secrets/:name', async (request) => infoOf(await request.secrets.get(request.params.name)));
  app.post<ByName>('/secrets/:name/refresh', async ({ params }) => infoOf(await client.refresh(params.name)));
  // Fastify matches the empty string as a parameter, too.
  app.get('/secrets/', async (_request, reply) => reply.callNotFound());

  app.setNotFoundHandler(async (_request, reply) => sendCode(reply, 404, 'ERR_NO_ROUTE'));
  const handleSecretError = secretErrors();
  app.setErrorHandler((error, request, reply) => {
    if (isSecretError(error)) return handleSecretError(error, request, reply);
    const status = statusOf(error);
    if (status >= 500) console.error(error);
    return sendCode(reply, status, status >= 500 ? 'ERR_INTERNAL' : 'ERR_BAD_REQUEST');
  });
  return app;
}

function sendCode(reply: FastifyReply, status: number, code: string): FastifyReply {
  return reply.code(status).header('cache-control', 'no-store').send({ code });
}

/** Fastify's own errors carry a status; every other error is a mistake in this program. */
function statusOf(error: unknown): number {
  const status = typeof error === 'object' && error !== null && 'statusCode' in error ? error.statusCode : undefined;
  return typeof status === 'number' ? status : 500;
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
