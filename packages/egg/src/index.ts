import type { SecretClient, SecretSnapshot } from '@kms-secrets/core';
import type { ConfigOf } from './config.ts';

export * from './core-exports.ts';
export { SecretsAgent } from './agent.ts';
export { SecretsApp } from './app.ts';
export { kmsSecrets, secretErrors, secretsHealth } from './middleware.ts';

/** The names that your service reads, each with the type of its JSON, or `unknown`. While it is empty, any string is a name. */
// Declared here and empty, because a program can add only to an interface that this module declares itself.
export interface SecretNames {}

/** `config.kmsSecrets`: the options of the client, and those of the plug-in. */
export type SecretsConfig = ConfigOf<SecretNames>;

declare module 'egg' {
  interface EggAppConfig {
    kmsSecrets: SecretsConfig;
  }
  // What controllers and services of Egg 4 have as `this.app`. Egg 3 has no such type.
  interface EggApplicationCore {
    readonly secrets: SecretClient;
  }
  interface Application {
    readonly secrets: SecretClient;
  }
  interface Agent {
    readonly secrets: SecretClient;
  }
  interface Context {
    /** The secrets as this request read them first. Later requests see a rotation. */
    readonly secrets: SecretSnapshot<SecretNames>;
  }
}
