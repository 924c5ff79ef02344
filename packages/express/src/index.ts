import {
  createSecretClient,
  isSecretClient,
  isSecretSnapshot,
  loadDeclared,
  refuseUnknownOptions,
  SecretSnapshot,
} from '@kms-secrets/core';
import type { DeclaredOptions, MountOptions, NameOf, SecretClient, SecretClientOptions } from '@kms-secrets/core';
import type { Request, RequestHandler } from 'express';

export * from './core-exports.ts';
export { secretErrors } from './secret-errors.ts';
export { secretsHealth } from './secrets-health.ts';

/**
 * The names that your service reads, each with the type of its JSON, or `unknown`. If you declare them, an undeclared name does
 * not compile; while it is empty, any string is a name. A name with a type requires a schema: `secrets(client, { schemas })`.
 *
 *     declare module '@kms-secrets/express' {
 *       interface SecretNames { 'prod/db': DbSecret; 'prod/api-key': unknown }
 *     }
 */
// Declared here and empty, because a program can add only to an interface that this module declares itself.
export interface SecretNames {}
/** The named clients, each with the names that your service reads from it: `{ billing: { stripe: unknown } }`. */
export interface SecretClients {}
export type SecretName = NameOf<SecretNames>;
/** The type of `req.secrets`. */
export type RequestSecrets = SecretSnapshot<SecretNames, SecretClients>;

declare global {
  // oxlint-disable-next-line typescript/no-namespace -- Express offers no other way to extend its request
  namespace Express {
    interface Request {
      readonly secrets: RequestSecrets;
    }
  }
}

/**
 * - `preload`: names that every request finds in `req.secrets` without waiting, all read at one moment. The client keeps them fresh until
 *   `close()` is called, also while no request arrives.
 * - `schemas`: Standard Schema validators by name, for `json(name)`.
 * - `as`: a name for the client, so that `req.secrets.of(as)` reads from it.
 */
export type SecretsOptions<Names extends object = SecretNames> = DeclaredOptions<Names> & {
  readonly as?: string | undefined;
};

const optionNames: readonly (keyof SecretsOptions)[] = ['as', 'preload', 'schemas'];

/** The middleware, with the methods for your start and your shutdown. */
export interface SecretsRequestHandler<Names extends object = SecretNames> extends RequestHandler {
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
 * A middleware that puts `req.secrets` on every request. Takes a client, or the options to create one from.
 *
 * A second mount for the same client, on a router or a sub-app, keeps the secrets that the request has read and adds its names.
 * Throws `ConfigurationError` for an unknown option.
 */
export function secrets<Names extends object = SecretNames>(
  clientOrOptions?: SecretClient | SecretClientOptions,
  ...options: {} extends SecretsOptions<Names> ? [options?: SecretsOptions<Names>] : [options: SecretsOptions<Names>]
): SecretsRequestHandler<Names>;
export function secrets(
  clientOrOptions: SecretClient | SecretClientOptions = {},
  options: SecretsOptions<{}> = {},
): SecretsRequestHandler<{}> {
  refuseUnknownOptions(options, 'secrets()', optionNames);
  const { as, preload = [], schemas = {} } = options;
  const isOwn = !isSecretClient(clientOrOptions);
  const client = isOwn ? createSecretClient(clientOrOptions) : clientOrOptions;
  const pins = preload.map((name) => client.pin(name));
  const mounted = { as, preload, schemas: new Map(Object.entries(schemas)) } satisfies MountOptions;
  const handler: RequestHandler = (req, _res, next) => {
    const loading = snapshotOn(req).mount(client, mounted);
    // With everything in memory, a request must not wait for a turn of the event loop.
    if (loading === undefined) next();
    // Express 4 ignores what a middleware returns: a rejection reaches it through `next` only.
    else loading.then(() => next(), next);
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
  return Object.assign(handler, { client, as, preload, ready, close });
}

/** `req.secrets`, or an `Error` that shows the missing line: for code that may run without the middleware. */
export function getSecrets(req: Request): RequestSecrets;
/** The secrets that `middleware` reads for this request, with the types given to the middleware. */
export function getSecrets<Names extends object>(
  req: Request,
  middleware: SecretsRequestHandler<Names>,
): SecretSnapshot<Names>;
export function getSecrets(req: Request, { as }: { readonly as?: string | undefined } = {}): unknown {
  const snapshot: unknown = req.secrets;
  if (isSecretSnapshot(snapshot)) return as === undefined ? snapshot : snapshot.of(as);
  throw new Error(
    "No secrets on this request. Express runs middleware in the order in which it is mounted. Mount this one in front of the routes that read secrets: app.use(secrets(client, { preload: ['prod/db'] }));",
  );
}

function snapshotOn(req: Request): SecretSnapshot {
  const present: unknown = req.secrets;
  if (isSecretSnapshot(present)) return present;
  if (present !== undefined) {
    throw new Error(
      'Another middleware has set req.secrets, which @kms-secrets/express needs. Remove it, or let it use another property.',
    );
  }
  const snapshot = new SecretSnapshot();
  // Not enumerable: code that logs or copies a request walks its enumerable properties.
  Object.defineProperty(req, 'secrets', { value: snapshot, configurable: true, enumerable: false });
  return snapshot;
}
