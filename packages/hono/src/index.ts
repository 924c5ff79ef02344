import {
  createSecretClient,
  isSecretClient,
  isSecretSnapshot,
  loadDeclared,
  refuseUnknownOptions,
  SecretSnapshot,
} from '@kms-secrets/core';
import type { DeclaredOptions, MountOptions, NameOf, SecretClient, SecretClientOptions } from '@kms-secrets/core';
import type { Context, MiddlewareHandler } from 'hono';
import { getRuntimeKey } from 'hono/adapter';

export * from './core-exports.ts';
export { secretErrors } from './secret-errors.ts';
export { secretsHealth } from './secrets-health.ts';

/**
 * The names that your service reads, each with the type of its JSON, or `unknown`. If you declare them, an undeclared name does
 * not compile; while it is empty, any string is a name. A name with a type requires a schema: `secrets(client, { schemas })`.
 *
 *     declare module '@kms-secrets/hono' {
 *       interface SecretNames { 'prod/db': DbSecret; 'prod/api-key': unknown }
 *     }
 */
// Declared here and empty, because a program can add only to an interface that this module declares itself.
export interface SecretNames {}
/** The named clients, each with the names that your service reads from it: `{ billing: { stripe: unknown } }`. */
export interface SecretClients {}
export type SecretName = NameOf<SecretNames>;
/** The type of `c.var.secrets`. */
export type RequestSecrets = SecretSnapshot<SecretNames, SecretClients>;

/** The variables that the middleware sets, for apps that are not chained: `new Hono<{ Variables: SecretsVariables }>()`. */
// A type: the first versions of Hono 4 accept no interface here.
export type SecretsVariables<Names extends object = SecretNames> = {
  /** The secrets as this request read them first. Later requests see a rotation. */
  secrets: SecretSnapshot<Names, SecretClients>;
};

/**
 * - `preload`: names that every request finds in `c.var.secrets` without waiting, all read at one moment. The client keeps them fresh until
 *   `close()` is called, also while no request arrives.
 * - `schemas`: Standard Schema validators by name, for `json(name)`.
 * - `as`: a name for the client, so that `c.var.secrets.of(as)` reads from it.
 */
export type SecretsOptions<Names extends object = SecretNames> = DeclaredOptions<Names> & {
  readonly as?: string | undefined;
};

const optionNames: readonly (keyof SecretsOptions)[] = ['as', 'preload', 'schemas'];

/** The middleware, with the methods for your start and your shutdown. */
export interface SecretsMiddleware<
  Names extends object = SecretNames,
  OnContext extends object = Names,
> extends MiddlewareHandler<{ Variables: SecretsVariables<OnContext> }> {
  readonly client: SecretClient;
  readonly as: string | undefined;
  readonly preload: readonly NameOf<Names>[];
  /**
   * Resolves when the client is ready and every name of `preload` is in memory and valid. An outage of KMS is waited for until
   * `readyTimeout`. Rejects with `SecretSetError`, or with
   * `SecretTypeError` if a secret does not match its schema.
   */
  ready(): Promise<void>;
  /** Closes the client if this middleware created it. A client that you passed in stays open, and no longer keeps `preload` fresh. */
  close(): Promise<void>;
}

/**
 * A middleware that sets `c.var.secrets` on every request. Takes a client, or the options to create one from.
 *
 * A second mount for the same client, on a path or a sub-app, keeps the secrets that the request has read and adds its names.
 * Throws `ConfigurationError` for an unknown option, and an `Error` on another runtime than Node.js.
 */
export function secrets<Names extends object = SecretNames>(
  clientOrOptions: SecretClient | SecretClientOptions | undefined,
  options: NoInfer<SecretsOptions<Names>> & { readonly as: string },
): SecretsMiddleware<Names, SecretNames>;
export function secrets<Names extends object = SecretNames>(
  clientOrOptions?: SecretClient | SecretClientOptions,
  ...options: {} extends SecretsOptions<Names>
    ? [options?: NoInfer<SecretsOptions<Names>>]
    : [options: NoInfer<SecretsOptions<Names>>]
): SecretsMiddleware<Names>;
export function secrets(
  clientOrOptions: SecretClient | SecretClientOptions = {},
  options: SecretsOptions<{}> = {},
): SecretsMiddleware<{}> {
  refuseOtherRuntimes();
  refuseUnknownOptions(options, 'secrets()', optionNames);
  const { as, preload = [], schemas = {} } = options;
  const isOwn = !isSecretClient(clientOrOptions);
  const client = isOwn ? createSecretClient(clientOrOptions) : clientOrOptions;
  const pins = preload.map((name) => client.pin(name));
  const mounted = { as, preload, schemas: new Map(Object.entries(schemas)) } satisfies MountOptions;
  const middleware: MiddlewareHandler = (c, next) => {
    const loading = snapshotOn(c).mount(client, mounted);
    // With everything in memory, a request must not wait for a turn of the event loop.
    return loading === undefined ? next() : loading.then(next);
  };
  const ready = async (): Promise<void> => {
    await client.ready();
    const loaded = await loadDeclared(client, mounted);
    loaded(); // `pins` keep the secrets fresh
  };
  const close = async (): Promise<void> => {
    for (const unpin of pins) unpin();
    if (isOwn) await client.close();
  };
  return Object.assign(middleware, { client, as, preload, ready, close });
}

/** `c.var.secrets`, or an `Error` that shows the missing line: for code that may run without the middleware. */
export function getSecrets(c: Context): RequestSecrets;
/** The secrets that `middleware` reads for this request, with the types given to the middleware. */
export function getSecrets<Names extends object, OnContext extends object>(
  c: Context,
  middleware: SecretsMiddleware<Names, OnContext>,
): SecretSnapshot<Names>;
export function getSecrets(c: Context, { as }: { readonly as?: string | undefined } = {}): unknown {
  const snapshot: unknown = c.get('secrets');
  if (isSecretSnapshot(snapshot)) return as === undefined ? snapshot : snapshot.of(as);
  throw new Error(
    "No secrets on this request. Hono runs middleware in the order in which it is added. Add this one in front of the routes that read secrets: app.use(secrets(client, { preload: ['prod/db'] }));",
  );
}

function snapshotOn(c: Context): SecretSnapshot {
  const present: unknown = c.get('secrets');
  if (isSecretSnapshot(present)) return present;
  if (present !== undefined) {
    throw new Error(
      'Another middleware has set the variable "secrets", which @kms-secrets/hono needs for c.var.secrets. Remove it, or let it use another name.',
    );
  }
  const snapshot = new SecretSnapshot();
  c.set('secrets', snapshot);
  return snapshot;
}

/** For runtimes without a build. Builds for others fail: see only-for-nodejs.ts. */
function refuseOtherRuntimes(): void {
  const runtime = getRuntimeKey();
  if (runtime === 'node') return;
  throw new Error(
    `@kms-secrets/hono runs on Node.js only, and this runtime is "${runtime}". Serve the app with Node.js: import { serve } from '@hono/node-server'; serve(app). On another runtime, read secrets in a service on Node.js.`,
  );
}
