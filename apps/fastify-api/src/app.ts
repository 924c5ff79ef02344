import { createHash } from 'node:crypto';
import { isSecretError, secretErrors, secrets, secretsHealth } from '@kms-secrets/fastify';
import type { Secret, SecretClient } from '@kms-secrets/fastify';
import { fastify } from 'fastify';
import type { FastifyInstance, FastifyReply } from 'fastify';

interface ByName {
  Params: { readonly name: string };
}

/** The service: five routes that show what the client does, and never a value. */
export function createApp(client: SecretClient): FastifyInstance {
  const app = fastify({
    // Names are longer than the 100 characters that Fastify takes.
    routerOptions: { maxParamLength: 1_000 },
    // Such as a URL that cannot be decoded: it comes to no route and no hook.
    frameworkErrors: (error, _request, reply) => void answer(reply, error.statusCode ?? 500, 'ERR_BAD_REQUEST'),
  });
  app.addHook('onRequest', async (_request, reply) => void reply.header('cache-control', 'no-store'));
  void app.register(secrets, { client });

  app.get('/ready', async () => {
    await client.ready();
    return { isReady: true };
  });
  app.get('/health', secretsHealth(client));
  app.get('/stats', async () => client.stats());

  app.get<ByName>('/secrets/:name', async ({ secrets: seen, params }) => described(await seen.get(params.name)));
  app.post<ByName>('/secrets/:name/refresh', async ({ params }) => described(await client.refresh(params.name)));
  // To Fastify, nothing is a name too.
  app.get('/secrets/', async (_request, reply) => reply.callNotFound());

  app.setNotFoundHandler(async (_request, reply) => answer(reply, 404, 'ERR_NO_ROUTE'));
  app.setErrorHandler((error, request, reply) => {
    if (isSecretError(error)) return secretErrors(error, request, reply);
    const status = statusOf(error);
    if (status >= 500) console.error(error);
    return answer(reply, status, status >= 500 ? 'ERR_INTERNAL' : 'ERR_BAD_REQUEST');
  });
  return app;
}

function answer(reply: FastifyReply, status: number, code: string): FastifyReply {
  return reply.code(status).header('cache-control', 'no-store').send({ code });
}

/** Fastify's own errors say whose mistake they are; any other is ours. */
function statusOf(error: unknown): number {
  const said = error instanceof Error && 'statusCode' in error ? error.statusCode : undefined;
  return typeof said === 'number' ? said : 500;
}

/** The hash tells two values apart without showing either; of a short value it can be guessed, so keep this service inside. */
function described(secret: Secret): object {
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
