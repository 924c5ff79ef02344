import { createSecretClient } from '@kms-secrets/core';
import type { Secret, SecretClient, SecretClientOptions } from '@kms-secrets/core';
import type { Request, RequestHandler } from 'express';
import { isSnapshot, Snapshot } from './snapshot.ts';
import type { Output, Schema } from './snapshot.ts';

export { createSecretClient, isSecretError } from '@kms-secrets/core';
export type { AnySecretError, Secret, SecretClient, SecretClientOptions, SecretErrorCode } from '@kms-secrets/core';
export { secretErrors } from './secret-errors.ts';
export { secretsHealth } from './secrets-health.ts';

/**
 * The names that your service reads. Declare them, and a wrong one does not compile; left as it is, any text is a name.
 *
 *     declare module '@kms-secrets/express' {
 *       interface SecretNames { 'prod/db': true }
 *     }
 */
// It stands here, empty, because only what a module declares itself can be added to from outside.
export interface SecretNames {}
export type SecretName = NameOf<SecretNames>;
/** `SecretName` for any declaration of names. */
export type NameOf<Names> = keyof Names extends never ? string : Extract<keyof Names, string>;

/** `req.secrets`: the secrets as this request saw them first. A rotation meanwhile is for the requests after it. */
export interface RequestSecrets {
  /** Reads a secret; rejects as `SecretClient.get` does. */
  get(name: SecretName): Promise<Secret>;
  /** A secret that was preloaded, or has been read by this request; so do `text` and `json`. Throws for any other. */
  secret(name: SecretName): Secret;
  text(name: SecretName): string;
  json(name: SecretName): unknown;
  json<Validator extends Schema>(name: SecretName, schema: Validator): Output<Validator>;
}

declare global {
  // oxlint-disable-next-line typescript/no-namespace -- the one place where Express lets its request be extended
  namespace Express {
    interface Request {
      readonly secrets: RequestSecrets;
    }
  }
}

export interface SecretsOptions {
  /** The names that every request finds in `req.secrets` without waiting: all of them as they were at one moment. */
  readonly preload?: readonly SecretName[] | undefined;
}

/** The middleware, with what your start and your shutdown need. */
export interface SecretsRequestHandler extends RequestHandler {
  readonly client: SecretClient;
  readonly preload: readonly SecretName[];
  /** Resolves when the client is ready and every name of `preload` is in memory; rejects with all that are missing. */
  ready(): Promise<void>;
  /** Closes the client if this middleware made it; who handed one in closes it. */
  close(): Promise<void>;
}

/**
 * Puts `req.secrets` on every request. Takes a client, or the options to make one from.
 *
 * Mounted again for the same client, in a router or a sub-app, it keeps what the request has seen and adds its names.
 */
export function secrets(
  clientOrOptions: SecretClient | SecretClientOptions = {},
  { preload = [] }: SecretsOptions = {},
): SecretsRequestHandler {
  const isOwn = !('getMany' in clientOrOptions);
  const client = isOwn ? createSecretClient(clientOrOptions) : clientOrOptions;
  const handler: RequestHandler = (req, _res, next) => {
    const waiting = Snapshot.on(req, client).take(preload);
    // Who has all in memory must not pay for a turn of the event loop.
    if (waiting === undefined) next();
    // Express 4 does not look at what a middleware returns: a rejection reaches it by `next` alone.
    else waiting.then(() => next(), next);
  };
  const ready = async (): Promise<void> => {
    await client.ready();
    await client.getMany(preload);
  };
  const close = async (): Promise<void> => (isOwn ? client.close() : undefined);
  return Object.assign(handler, { client, preload, ready, close });
}

/** `req.secrets`, or an error that says what is missing: for code that cannot know whether the middleware is there. */
export function getSecrets(req: Request): RequestSecrets {
  if (isSnapshot(req.secrets)) return req.secrets;
  throw new Error(
    `No secrets on this request. Put this in front of the routes that read them: app.use(secrets(client, { preload: ['prod/db'] }));`,
  );
}
