import { createSecretClient, errorAnswer, healthAnswer, healthOf, SecretSnapshot } from '@kms-secrets/core';
import type { DeclaredOptions, MountOptions, Secret, SecretClient, SecretClientOptions } from '@kms-secrets/core';
import type { FastifyPluginAsync, FastifyReply, FastifyRequest, RouteHandlerMethod } from 'fastify';
import fastifyPlugin from 'fastify-plugin';

export { createSecretClient, isSecretError } from '@kms-secrets/core';
export type { Secret, SecretClient, SecretClientOptions, SecretSnapshot } from '@kms-secrets/core';

/** The names that your service reads, each with the type of its JSON, or `unknown`; left as it is, any text is a name. */
// These two stand here, empty, because only what a module declares itself can be added to from outside.
export interface SecretNames {}
/** The clients that have a name, each with the names that it reads: `{ billing: { 'stripe': unknown } }`. */
export interface SecretClients {}

declare module 'fastify' {
  interface FastifyInstance {
    /** The client without a name. */
    readonly secretClient: SecretClient;
  }
  interface FastifyRequest {
    /** The secrets as this request saw them first. A rotation meanwhile is for the requests after it. */
    readonly secrets: SecretSnapshot<SecretNames, SecretClients>;
  }
}

interface ClientOption {
  /** A client, or the options to make one from; one that is made here is closed with the app. */
  readonly client?: SecretClient | SecretClientOptions | undefined;
}
/** Of the client without a name, or of one that `request.secrets.of(as)` reads. */
export type SecretsPluginOptions = ClientOption &
  ((DeclaredOptions<SecretNames> & { readonly as?: undefined }) | (DeclaredOptions<{}> & { readonly as: string }));

const plugin: FastifyPluginAsync<SecretsPluginOptions> = async (app, options) => {
  const { client: given = {}, as, preload = [], schemas = {} } = options;
  const isOwn = !('getMany' in given);
  const client = isOwn ? createSecretClient(given) : given;
  // First of all: an app whose start fails is closed as well.
  if (isOwn) app.addHook('onClose', () => client.close());

  const mounted = { as, preload, schemas: new Map(Object.entries(schemas)) } satisfies MountOptions;
  if (as === undefined) app.decorate('secretClient', client);
  if (!app.hasRequestDecorator('secrets')) app.decorateRequest('secrets', { getter: snapshotOf });
  app.addHook('onRequest', async (request) => request.secrets.mount(client, mounted));

  // Fastify does not listen before this has ended, and says why it could not.
  if (isOwn) await client.ready();
  const found: Readonly<Record<string, Secret>> = await client.getMany(preload);
  for (const [name, schema] of mounted.schemas) found[name]?.json(schema);
};

/** Puts `request.secrets` on every request of the app that registers it, and `secretClient` on the app. */
export const secrets: typeof plugin = fastifyPlugin(plugin, { name: '@kms-secrets/fastify', fastify: '5.x' });

const snapshots = new WeakMap<FastifyRequest, SecretSnapshot>();

/** A getter, because an object that decorates requests would be one for all of them; Fastify refuses that. */
function snapshotOf(this: FastifyRequest): SecretSnapshot {
  const snapshot = snapshots.get(this) ?? new SecretSnapshot();
  snapshots.set(this, snapshot);
  return snapshot;
}

/** For `app.setErrorHandler`: answers our errors with 503, or 500 where the program is wrong, and `{ code }`; passes on all others. */
export function secretErrors(error: unknown, _request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const answer = errorAnswer(error);
  if (answer === undefined) throw error;
  return reply.code(answer.status).headers(answer.headers).send(answer.body);
}

/**
 * A route for a readiness probe: 200 with `ok` or `degraded`, or 503 with `failing`; never a value.
 *
 * Put it outside of the plugin that registers `secrets` with `preload`: a probe must not wait for secrets itself.
 */
export function secretsHealth(client: SecretClient): RouteHandlerMethod {
  return async (_request, reply) => {
    const { status, headers, body } = healthAnswer(healthOf(client.describe()));
    return reply.code(status).headers(headers).send(body);
  };
}
