import { Inject, Logger, Module } from '@nestjs/common';
import type { OnApplicationShutdown, OnModuleInit } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { createSecretClient, SecretHandle } from '@kms-secrets/core';
import type { SecretClient, SecretClientOptions } from '@kms-secrets/core';
import { getSecretClientToken } from './inject-secret.decorator.ts';
import { messageOf } from './message-of.ts';
import { rotationMethods } from './on-secret-rotated.decorator.ts';

/** A client of your own, or the options to make one from. */
export type ClientOrOptions = SecretClient | SecretClientOptions;

/** Within the module of one client: the client, and what it is called. */
export const ownClient: unique symbol = Symbol('client');
export const ownName: unique symbol = Symbol('name');

const logger = new Logger('Secrets');
/** Where a client that is made here says what it does, unless you set something else. */
const nestLogger: SecretClientOptions['logger'] = {
  debug: (message) => logger.debug(message),
  info: (message) => logger.log(message),
  warn: (message) => logger.warn(message),
  error: (message) => logger.error(message),
};
/** The clients that were made here, and are closed here. */
const made = new WeakSet<SecretClient>();

/**
 * The life of one client: opened before anything is made that needs it, closed after everything else has ended.
 *
 * Not `SecretsModule` itself, of which Nest makes one more instance for each `forFeature`.
 */
@Module({})
export class SecretsCoreModule implements OnModuleInit, OnApplicationShutdown {
  readonly #client: SecretClient;
  readonly #name: string;
  readonly #modules: ModulesContainer;
  readonly #endings: (() => void)[] = [];

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
          `${title} is never called when "${secret}" is rotated: its class has no single instance to call it on.`,
        );
        continue;
      }
      const listener = new SecretHandle(this.#client, secret).onRotate(async (event) => {
        try {
          await call(event);
        } catch (error) {
          logger.error(`${title} failed after "${secret}" was rotated: ${messageOf(error)}`);
        }
      });
      this.#endings.push(listener);
    }
  }

  /** The last of Nest's hooks: until then, others may still need a secret to end well. */
  async onApplicationShutdown(): Promise<void> {
    for (const end of this.#endings) end();
    if (made.has(this.#client)) await this.#client.close();
  }
}

/** One of your own is ready when you say so. One that is made here is ready when it is handed out, or not made at all. */
export async function openClient(source: ClientOrOptions): Promise<SecretClient> {
  if (isClient(source)) return source;
  const client = createSecretClient({ logger: nestLogger, ...source });
  made.add(client);
  try {
    await client.ready();
    return client;
  } catch (error) {
    await client.close();
    throw error;
  }
}

/** Two of one name would be two caches, and which of them is injected a matter of luck. */
export function refuseTwins(modules: ModulesContainer, name: string): void {
  const token = getSecretClientToken(name);
  const twins = [...modules.values()].filter((each) => each.metatype === SecretsCoreModule && each.hasProvider(token));
  if (twins.length < 2) return;
  throw new Error(
    `${twins.length} clients are called "${name}": SecretsModule.forRoot (or forRootAsync) was called that often. Call it once, in the root module; other modules need SecretsModule.forFeature([...]) alone. If two are wanted, give one a name: { name: 'reports' }.`,
  );
}

function isClient(source: unknown): source is SecretClient {
  return typeof source === 'object' && source !== null && 'getMany' in source;
}
