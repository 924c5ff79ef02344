import { Logger, Module } from '@nestjs/common';
import type { DynamicModule, FactoryProvider, InjectionToken, ModuleMetadata, Provider, Type } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { SecretHandle } from '@kms-secrets/core';
import type { SecretClient } from '@kms-secrets/core';
import { getSecretClientToken, getSecretToken, usualClient } from './inject-secret.decorator.ts';
import { messageOf } from './message-of.ts';
import { openClient, ownClient, ownName, refuseTwins, SecretsCoreModule } from './secrets-core.module.ts';
import type { ClientOrOptions } from './secrets-core.module.ts';
import { SecretsService } from './secrets.service.ts';

/** A secret to be injected; unless it is optional, the app does not start without it. */
export type FeatureSecret = string | { readonly name: string; readonly optional: boolean };

export interface SecretsModuleExtras {
  /** What the client is called where there are several: `@InjectSecretClient('reports')`. */
  readonly name?: string | undefined;
  /** Whether all modules have it without importing anything, which `forFeature` needs in them. True unless set. */
  readonly isGlobal?: boolean | undefined;
  /** Secrets that everybody may inject who has the client, as `forFeature` gives them to one module. */
  readonly secrets?: readonly FeatureSecret[] | undefined;
}

/** What `useClass` and `useExisting` name. */
export interface SecretsOptionsFactory {
  createSecretsOptions(): ClientOrOptions | Promise<ClientOrOptions>;
}

/** One of `useFactory`, `useClass` and `useExisting`. */
export interface SecretsModuleAsyncOptions extends SecretsModuleExtras, Pick<ModuleMetadata, 'imports'> {
  readonly useFactory?: FactoryProvider<ClientOrOptions>['useFactory'] | undefined;
  /** What the factory is called with. */
  readonly inject?: FactoryProvider['inject'];
  readonly useClass?: Type<SecretsOptionsFactory> | undefined;
  readonly useExisting?: InjectionToken<SecretsOptionsFactory> | undefined;
}

/** Within the module of one client: what it is, or is made from. */
const given: unique symbol = Symbol('given');
const logger = new Logger('Secrets');

/** The secrets of Alibaba Cloud KMS as providers: `forRoot` once for a client, `forFeature` wherever a secret is injected. */
@Module({})
export class SecretsModule {
  /**
   * Makes a client from options, has the app wait until its `preload` is there, and closes it when the app ends. A client
   * of your own is neither waited for nor closed.
   */
  static forRoot(clientOrOptions: ClientOrOptions = {}, extras: SecretsModuleExtras = {}): DynamicModule {
    return rooted(extras, { providers: [{ provide: given, useFactory: () => clientOrOptions }] });
  }

  /** As `forRoot`, with what other providers know: `useFactory` with `inject`, or a class. */
  static forRootAsync(options: SecretsModuleAsyncOptions): DynamicModule {
    const { imports = [], inject = [], useFactory, useClass, useExisting = useClass } = options;
    if (useFactory !== undefined)
      return rooted(options, { imports, providers: [{ provide: given, inject, useFactory }] });
    if (useExisting === undefined) {
      throw new Error('SecretsModule.forRootAsync was given no useFactory, useClass or useExisting: it needs one.');
    }
    const made: Provider = {
      provide: given,
      inject: [useExisting],
      useFactory: (maker: SecretsOptionsFactory) => maker.createSecretsOptions(),
    };
    return rooted(options, { imports, providers: useClass === undefined ? [made] : [useClass, made] });
  }

  /** Has the app wait for these secrets, and gives the module that imports this their handles, for `@InjectSecret`. */
  static forFeature(secrets: readonly FeatureSecret[], client: string = usualClient): DynamicModule {
    const { loading, handles } = handlesOf(secrets, client);
    return { module: SecretsModule, providers: [loading, ...handles], exports: [...handles] };
  }
}

/** What a client is made with: providers of `given`, and the modules whose exports those inject. */
interface Making extends Pick<ModuleMetadata, 'imports'> {
  readonly providers: readonly Provider[];
}

function rooted(
  { name = usualClient, isGlobal = true, secrets = [] }: SecretsModuleExtras,
  { imports = [], providers }: Making,
): DynamicModule {
  const client: Provider = {
    provide: getSecretClientToken(name),
    inject: [ModulesContainer, given],
    useFactory(modules: ModulesContainer, clientOrOptions: ClientOrOptions) {
      refuseTwins(modules, name);
      return openClient(clientOrOptions);
    },
  };
  const { loading, handles } = handlesOf(secrets, name);
  const exports = [client, ...handles, ...(name === usualClient ? [SecretsService] : [])];
  const own: Provider[] = [
    { provide: ownClient, useExisting: client.provide },
    { provide: ownName, useValue: name },
  ];
  const core: DynamicModule = {
    module: SecretsCoreModule,
    global: isGlobal,
    imports,
    providers: [...providers, ...own, loading, ...exports],
    exports,
  };
  return { module: SecretsModule, imports: [core], exports: [core] };
}

/** Nest waits for a factory before it makes who injects what it gives: in a constructor, the secret is there. */
function handlesOf(
  secrets: readonly FeatureSecret[],
  client: string,
): { readonly loading: Provider; readonly handles: readonly Provider[] } {
  const from = getSecretClientToken(client);
  const loaded = Symbol(`secrets of ${client}`);
  return {
    // One for all: one error then names all that are missing.
    loading: { provide: loaded, inject: [from], useFactory: (reader: SecretClient) => load(reader, secrets) },
    handles: secrets.map(nameOf).map((name) => ({
      provide: getSecretToken(name, client),
      inject: [from, loaded],
      useFactory: (reader: SecretClient) => new SecretHandle(reader, name),
    })),
  };
}

async function load(client: SecretClient, secrets: readonly FeatureSecret[]): Promise<void> {
  const isOptional = (secret: FeatureSecret): boolean => typeof secret !== 'string' && secret.optional;
  const optional = secrets.filter(isOptional).map(nameOf);
  const trying = optional.map(async (name) => {
    try {
      await client.get(name);
    } catch (error) {
      logger.warn(`Started without the optional secret "${name}". ${messageOf(error)}`);
    }
  });
  await Promise.all([client.getMany(secrets.filter((secret) => !isOptional(secret)).map(nameOf)), ...trying]);
}

function nameOf(secret: FeatureSecret): string {
  return typeof secret === 'string' ? secret : secret.name;
}
