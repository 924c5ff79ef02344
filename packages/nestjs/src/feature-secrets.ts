import { Logger } from '@nestjs/common';
import type { OnApplicationShutdown } from '@nestjs/common';
import type { SecretClient, SecretHandle } from '@kms-secrets/core';
import { loggableMessage } from './loggable-message.ts';

/** A secret to inject. Without it the app does not start, unless it is optional. */
export type FeatureSecret = string | { readonly name: string; readonly optional: boolean };

const logger = new Logger('Secrets');

/** The handles of secrets to inject. They keep the secrets fresh until the app has ended, also those of a client that stays open. */
export class FeatureSecrets implements OnApplicationShutdown {
  readonly #handles: ReadonlyMap<string, SecretHandle>;

  /** Resolves when the secrets are in memory. An outage of KMS is waited for until `readyTimeout`. */
  static async load(client: SecretClient, secrets: readonly FeatureSecret[]): Promise<FeatureSecrets> {
    const loaded = new FeatureSecrets(client, secrets.map(nameOf));
    try {
      await loaded.#read(client, secrets);
      return loaded;
    } catch (error) {
      loaded.onApplicationShutdown();
      throw error;
    }
  }

  private constructor(client: SecretClient, names: readonly string[]) {
    this.#handles = new Map(names.map((name) => [name, client.handle(name)]));
  }

  handleOf(name: string): SecretHandle | undefined {
    return this.#handles.get(name);
  }

  onApplicationShutdown(): void {
    for (const handle of this.#handles.values()) handle.dispose();
  }

  async #read(client: SecretClient, secrets: readonly FeatureSecret[]): Promise<void> {
    const isOptional = (secret: FeatureSecret): boolean => typeof secret !== 'string' && secret.optional;
    const required = secrets.filter((secret) => !isOptional(secret)).map(nameOf);
    const optional = secrets.filter(isOptional).map(nameOf);
    const [preloaded] = await Promise.all([
      client.preload(required),
      ...optional.map((name) => readOptional(client, name)),
    ]);
    preloaded(); // the handles keep the secrets fresh
  }
}

/** Never rejects. The handle of the secret makes the client fetch it again later. */
async function readOptional(client: SecretClient, name: string): Promise<void> {
  try {
    await client.get(name);
  } catch (error) {
    logger.warn(`Started without the optional secret "${name}". ${loggableMessage(error)}`);
  }
}

export function nameOf(secret: FeatureSecret): string {
  return typeof secret === 'string' ? secret : secret.name;
}
