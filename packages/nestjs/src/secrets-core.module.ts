import { Inject, Logger, Module } from '@nestjs/common';
import type { OnApplicationShutdown, OnModuleInit } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { createSecretClient, isSecretClient } from '@kms-secrets/core';
import type { SecretClient, SecretClientOptions, SecretEvents } from '@kms-secrets/core';
import { getSecretClientToken } from './inject-secret.decorator.ts';
import { loggableMessage } from './loggable-message.ts';
import { rotationMethods } from './on-secret-rotated.decorator.ts';

/** A client, or the options to create one from. */
export type ClientOrOptions = SecretClient | SecretClientOptions;

/** Tokens within the module of one client: the client, and its name. */
export const ownClient: unique symbol = Symbol('client');
export const ownName: unique symbol = Symbol('name');

const logger = new Logger('Secrets');
/** The default logger of a client that this module creates. */
const nestLogger: SecretClientOptions['logger'] = {
  debug: (message) => logger.debug(message),
  info: (message) => logger.log(message),
  warn: (message) => logger.warn(message),
  error: (message) => logger.error(message),
};
/** The clients that this module created, and therefore closes. */
const createdClients = new WeakSet<SecretClient>();

/**
 * Owns one client: opens it before the providers that inject it are created, and closes it after everything else has ended.
 *
 * Separate from `SecretsModule`, of which Nest creates another instance for each `forFeature`.
 */
@Module({})
export class SecretsCoreModule implements OnModuleInit, OnApplicationShutdown {
  readonly #client: SecretClient;
  readonly #name: string;
  readonly #modules: ModulesContainer;
  readonly #unsubscribes: (() => void)[] = [];

  constructor(
    @Inject(ownClient) client: SecretClient,
    @Inject(ownName) name: string,
    @Inject(ModulesContainer) modules: ModulesContainer,
  ) {
    this.#client = client;
    this.#name = name;
    this.#modules = modules;
  }

  onModuleInit(): void {
    for (const { secret, client, title, call } of rotationMethods(this.#modules)) {
      if (client !== this.#name) continue;
      if (call === undefined) {
        logger.warn(
          `${title} is never called when "${secret}" is rotated: its class is not a singleton. Remove its request or transient scope, or use SecretHandle.onRotate().`,
        );
        continue;
      }
      const onRotated = async (event: SecretEvents['rotated']): Promise<void> => {
        try {
          await call(event);
        } catch (error) {
          logger.error(`${title} failed after "${secret}" was rotated: ${loggableMessage(error)}`);
        }
      };
      this.#unsubscribes.push(this.#client.on('rotated', onRotated, { name: secret }));
    }
  }

  /** Nest's last hook: providers may need a secret in their own shutdown hooks. */
  async onApplicationShutdown(): Promise<void> {
    for (const unsubscribe of this.#unsubscribes) unsubscribe();
    if (createdClients.has(this.#client)) await this.#client.close();
  }
}

/** Returns a given client as it is. Creates one from options, and waits until it is ready; closes it again if that fails. */
export async function openClient(source: ClientOrOptions): Promise<SecretClient> {
  if (isSecretClient(source)) return source;
  const client = createSecretClient({ logger: nestLogger, ...source });
  createdClients.add(client);
  try {
    await client.ready();
    return client;
  } catch (error) {
    await client.close();
    throw error;
  }
}

/** Two clients of one name would be two caches, and which one is injected would depend on the order of imports. */
export function refuseDuplicateName(modules: ModulesContainer, name: string): void {
  const token = getSecretClientToken(name);
  const owners = [...modules.values()].filter((each) => each.metatype === SecretsCoreModule && each.hasProvider(token));
  if (owners.length < 2) return;
  throw new Error(
    `${owners.length} clients are called "${name}", because SecretsModule.forRoot or forRootAsync was called ${owners.length} times. Call it once, in the root module, and import SecretsModule.forFeature([...]) in the others. If you want two clients, give one a name: { name: 'reports' }.`,
  );
}
