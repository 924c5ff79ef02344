import type { DeclaredOptions, SecretClient, SecretClientOptions } from '@kms-secrets/core';

/** The names that your service reads, each with the type of its JSON, or `unknown`. While it is empty, any string is a name. */
// Declared here and empty, because a program can add only to an interface that this module declares itself.
export interface SecretNames {}

/** A secret, or one field of its JSON, that becomes a value of the configuration. */
export type MergedSecret = string | { readonly secret: string; readonly field: string };

/** By the path in the configuration, such as `redis.client.password`. */
export type MergedSecrets = Readonly<Record<string, MergedSecret>>;

/** What `kmsSecrets` in the configuration of Midway contains. */
export type SecretsOptions = DeclaredOptions<SecretNames> & {
  /** A client, or the options to create one from. The component closes a client that it created when the app stops. */
  readonly client?: SecretClient | SecretClientOptions | undefined;
  /**
   * Secrets to merge into the configuration before any component is ready: `{ 'redis.client.password': 'prod/redis' }`, or with
   * `{ secret: 'prod/db', field: 'password' }` a field of a JSON secret. The configuration keeps the values of the start.
   */
  readonly config?: MergedSecrets | undefined;
};

/** The key of the options in the configuration of Midway. */
export const configKey = 'kmsSecrets';
export const optionNames: readonly (keyof SecretsOptions)[] = ['client', 'preload', 'schemas', 'config'];
