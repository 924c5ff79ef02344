import {
  createSecretClient,
  errorResponse,
  healthOptionNames,
  healthResponse,
  isSecretClient,
  loadDeclared,
  refuseUnknownOptions,
  SecretSnapshot,
} from '@kms-secrets/core';
import type {
  DeclaredOptions,
  HealthOptions,
  MountOptions,
  SecretClient,
  SecretClientOptions,
} from '@kms-secrets/core';
import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest, RouteHandlerMethod } from 'fastify';
import fastifyPlugin from 'fastify-plugin';

export * from './core-exports.ts';

/** The names that your service reads, each with the type of its JSON, or `unknown`. While it is empty, any string is a name. */
// Declared here and empty, because a program can add only to an interface that this module declares itself.
export interface SecretNames {}
/** The named clients, each with the names that your service reads from it: `{ billing: { stripe: unknown } }`. */
export interface SecretClients {}

declare module 'fastify' {
  interface FastifyInstance {
    /** The client that was registered without `as`. */
    readonly secretClient: SecretClient;
  }
  interface FastifyRequest {
    /** The secrets as this request read them first. Later requests see a rotation. */
    readonly secrets: SecretSnapshot<SecretNames, SecretClients>;
  }
}

interface ClientOption {
  /** A client, or the options to create one from. The plugin closes a client that it created when the app closes. */
  readonly client?: SecretClient | SecretClientOptions | undefined;
}
/** For the default client, or for a named one that `request.secrets.of(as)` reads from. */
export type SecretsPluginOptions = ClientOption &
  ((DeclaredOptions<SecretNames> & { readonly as?: undefined }) | (DeclaredOptions<{}> & { readonly as: string }));

/** The options of the plugin, then those that Fastify itself passes to every plugin. */
const optionNames = ['client', 'as', 'preload', 'schemas', 'prefix', 'logLevel', 'logSerializers'];

const plugin: FastifyPluginAsync<SecretsPluginOptions> = async (app, options) => {
  refuseUnknownOptions(options, 'register(secrets)', optionNames);
  const { client: given = {}, as, preload = [], schemas = {} } = options;
  const isOwn = !isSecretClient(given);
  const client = isOwn ? createSecretClient(given) : given;
  // Before anything that can fail: Fastify closes an app whose start failed, too.
  if (isOwn) app.addHook('onClose', () => client.close());

  const mounted = { as, preload, schemas: new Map(Object.entries(schemas)) } satisfies MountOptions;
  if (as === undefined) app.decorate('secretClient', client);
  decorateRequests(app);
  app.addHook('onRequest', async (request) => request.secrets.mount(client, mounted));

  // Fastify listens only after this has ended, and rejects with the error if it fails.
  const timeout = startTimeout(app);
  const ready = isOwn ? client.ready({ timeout }) : undefined;
  const [unpin] = await Promise.all([loadDeclared(client, mounted, { timeout }), ready]);
  app.addHook('onClose', async () => unpin());
};

/** Puts `request.secrets` on every request of the app that registers it, and `secretClient` on the app. */
export const secrets: typeof plugin = fastifyPlugin(plugin, { name: '@kms-secrets/fastify', fastify: '5.x' });

/** Milliseconds, below Fastify's limit for a plugin: its error would name neither the secret nor the cause. */
function startTimeout(app: FastifyInstance): number | undefined {
  const { pluginTimeout = 10_000 } = app.initialConfig;
  return pluginTimeout === 0 ? undefined : 0.9 * pluginTimeout;
}

/** Marks apps whose requests this plugin has decorated. A registered symbol, for other copies of the plugin. */
const decorated: unique symbol = Symbol.for('@kms-secrets/fastify.decorated');

function decorateRequests(app: FastifyInstance): void {
  if (app.hasDecorator(decorated)) return;
  if (app.hasRequestDecorator('secrets')) {
    throw new Error(
      'Another plugin has decorated requests with "secrets", which @kms-secrets/fastify needs for request.secrets. Register the two plugins in separate encapsulated plugins, or remove the other decorator.',
    );
  }
  app.decorate(decorated, true);
  app.decorateRequest('secrets', { getter: snapshotOf });
}

const snapshots = new WeakMap<FastifyRequest, SecretSnapshot>();

/** A getter: Fastify refuses to decorate requests with an object, because all requests would share it. */
function snapshotOf(this: FastifyRequest): SecretSnapshot {
  const snapshot = snapshots.get(this) ?? new SecretSnapshot();
  snapshots.set(this, snapshot);
  return snapshot;
}

/**
 * For `app.setErrorHandler`: responds to a `SecretError` with 503, or 500 for a mistake in the program, and `{ code }`, and passes
 * every other error on. It does not log.
 */
export function secretErrors(): (error: unknown, request: FastifyRequest, reply: FastifyReply) => FastifyReply {
  return (error, _request, reply) => {
    const response = errorResponse(error);
    if (response === undefined) throw error;
    return reply.code(response.status).headers(response.headers).send(response.body);
  };
}

/**
 * A route handler for a readiness probe: 200 with `ok` or `degraded`, 503 with `failing`; never a value.
 *
 * Register it outside of the plugin that registers `secrets` with `preload`: a probe must not wait for secrets.
 */
export function secretsHealth(client: SecretClient, options: HealthOptions = {}): RouteHandlerMethod {
  refuseUnknownOptions(options, 'secretsHealth()', healthOptionNames);
  return async (_request, reply) => {
    const { status, headers, body } = healthResponse(client.health(options));
    return reply.code(status).headers(headers).send(body);
  };
}
