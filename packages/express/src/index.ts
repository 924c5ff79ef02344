import { createSecretClient, isSecretSnapshot, SecretSnapshot } from '@kms-secrets/core';
import type {
  DeclaredOptions,
  MountOptions,
  NameOf,
  Secret,
  SecretClient,
  SecretClientOptions,
} from '@kms-secrets/core';
import type { Request, RequestHandler } from 'express';

export { createSecretClient, isSecretError } from '@kms-secrets/core';
export type {
  AnySecretError,
  NameOf,
  NamesOf,
  Secret,
  SecretClient,
  SecretClientOptions,
  SecretErrorCode,
  SecretSnapshot,
} from '@kms-secrets/core';
export { secretErrors } from './secret-errors.ts';
export { secretsHealth } from './secrets-health.ts';

/**
 * The names that your service reads, each with the type of its JSON, or `unknown`. Declare them, and a wrong name does not
 * compile; left as it is, any text is a name. A type asks for a validator in `secrets(client, { schemas })`.
 *
 *     declare module '@kms-secrets/express' {
 *       interface SecretNames { 'prod/db': DbSecret; 'prod/api-key': unknown }
 *     }
 */
// These two stand here, empty, because only what a module declares itself can be added to from outside.
export interface SecretNames {}
/** The clients that have a name, each with the names that it reads: `{ billing: { 'stripe': unknown } }`. */
export interface SecretClients {}
export type SecretName = NameOf<SecretNames>;
/** `req.secrets` */
export type RequestSecrets = SecretSnapshot<SecretNames, SecretClients>;

declare global {
  // oxlint-disable-next-line typescript/no-namespace -- the one place where Express lets its request be extended
  namespace Express {
    interface Request {
      readonly secrets: RequestSecrets;
    }
  }
}

/**
 * `preload` are the names that every request finds in `req.secrets` without waiting, as they were at one moment. `schemas`
 * check what `json(name)` gives. A client that is mounted `as` a name is read by `req.secrets.of(name)`.
 */
export type SecretsOptions<Names extends object = SecretNames> = DeclaredOptions<Names> & {
  readonly as?: string | undefined;
};

/** The middleware, with what your start and your shutdown need. */
export interface SecretsRequestHandler<Names extends object = SecretNames> extends RequestHandler {
  readonly client: SecretClient;
  readonly as: string | undefined;
  readonly preload: readonly NameOf<Names>[];
  /** Resolves when the client is ready, and every name of `preload` is in memory and valid; rejects with what is missing. */
  ready(): Promise<void>;
  /** Closes the client if this middleware made it; who handed one in closes it. */
  close(): Promise<void>;
}

/**
 * Puts `req.secrets` on every request. Takes a client, or the options to make one from.
 *
 * Mounted again for the same client, in a router or a sub-app, it keeps what the request has seen and adds its names.
 */
export function secrets<Names extends object = SecretNames>(
  clientOrOptions?: SecretClient | SecretClientOptions,
  ...options: {} extends SecretsOptions<Names> ? [options?: SecretsOptions<Names>] : [options: SecretsOptions<Names>]
): SecretsRequestHandler<Names>;
export function secrets(
  clientOrOptions: SecretClient | SecretClientOptions = {},
  { as, preload = [], schemas = {} }: SecretsOptions<{}> = {},
): SecretsRequestHandler<{}> {
  const isOwn = !('getMany' in clientOrOptions);
  const client = isOwn ? createSecretClient(clientOrOptions) : clientOrOptions;
  const mounted = { as, preload, schemas: new Map(Object.entries(schemas)) } satisfies MountOptions;
  const handler: RequestHandler = (req, _res, next) => {
    const waiting = snapshotOn(req).mount(client, mounted);
    // Who has all in memory must not pay for a turn of the event loop.
    if (waiting === undefined) next();
    // Express 4 does not look at what a middleware returns: a rejection reaches it by `next` alone.
    else waiting.then(() => next(), next);
  };
  const ready = async (): Promise<void> => {
    await client.ready();
    const secretsByName: Readonly<Record<string, Secret>> = await client.getMany(preload);
    for (const [name, schema] of mounted.schemas) secretsByName[name]?.json(schema);
  };
  const close = async (): Promise<void> => (isOwn ? client.close() : undefined);
  return Object.assign(handler, { client, as, preload, ready, close });
}

/** `req.secrets`, or an error that says what is missing: for code that cannot know whether the middleware is there. */
export function getSecrets(req: Request): RequestSecrets;
/** What a middleware reads for this request, typed by the names that it was given. */
export function getSecrets<Names extends object>(req: Request, of: SecretsRequestHandler<Names>): SecretSnapshot<Names>;
export function getSecrets(req: Request, { as }: { readonly as?: string | undefined } = {}): unknown {
  const present: unknown = req.secrets;
  if (isSecretSnapshot(present)) return as === undefined ? present : present.of(as);
  throw new Error(
    "No secrets on this request. Express runs what is mounted in the order in which it is mounted, so put this in front of the routes that read them: app.use(secrets(client, { preload: ['prod/db'] }));",
  );
}

function snapshotOn(req: Request): SecretSnapshot {
  const present: unknown = req.secrets;
  if (isSecretSnapshot(present)) return present;
  const snapshot = new SecretSnapshot();
  // Not enumerable: who logs or copies a request goes through what is.
  Object.defineProperty(req, 'secrets', { value: snapshot, configurable: true, enumerable: false });
  return snapshot;
}
