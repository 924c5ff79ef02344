import { Module } from '@nestjs/common';
import type { DynamicModule, FactoryProvider, InjectionToken, ModuleMetadata, Provider, Type } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { refuseUnknownOptions } from '@kms-secrets/core';
import type { SecretClient } from '@kms-secrets/core';
import { FeatureSecrets, nameOf } from './feature-secrets.ts';
import type { FeatureSecret } from './feature-secrets.ts';
import { defaultClient, getSecretClientToken, getSecretToken } from './inject-secret.decorator.ts';
import { openClient, ownClient, ownName, refuseDuplicateName, SecretsCoreModule } from './secrets-core.module.ts';
import type { ClientOrOptions } from './secrets-core.module.ts';
import { SecretsService } from './secrets.service.ts';

export interface SecretsModuleExtras {
  /** The client's name, where there are several: `@InjectSecretClient('reports')`. */
  readonly name?: string | undefined;
  /** Whether every module can inject the client, which `forFeature` requires. Default: `true`. */
  readonly isGlobal?: boolean | undefined;
  /** Secrets that every module with the client can inject, as `forFeature` provides them to one module. */
  readonly secrets?: readonly FeatureSecret[] | undefined;
}

/** The interface of `useClass` and `useExisting`. */
export interface SecretsOptionsFactory {
  createSecretsOptions(): ClientOrOptions | Promise<ClientOrOptions>;
}

/** One of `useFactory`, `useClass` and `useExisting` is required. */
export interface SecretsModuleAsyncOptions extends SecretsModuleExtras, Pick<ModuleMetadata, 'imports'> {
  readonly useFactory?: FactoryProvider<ClientOrOptions>['useFactory'] | undefined;
  /** The tokens that Nest injects into `useFactory`. */
  readonly inject?: FactoryProvider['inject'];
  readonly useClass?: Type<SecretsOptionsFactory> | undefined;
  readonly useExisting?: InjectionToken<SecretsOptionsFactory> | undefined;
}

const extrasNames: readonly (keyof SecretsModuleExtras)[] = ['name', 'isGlobal', 'secrets'];
const asyncOptionNames: readonly (keyof SecretsModuleAsyncOptions)[] = [
  ...extrasNames,
  'imports',
  'inject',
  'useFactory',
  'useClass',
  'useExisting',
];

/** Token within the module of one client: the client, or the options to create it from. */
const clientSource: unique symbol = Symbol('client source');

/** Provides secrets of Alibaba Cloud KMS: `forRoot` once per client, `forFeature` in each module that injects secrets. */
@Module({})
export class SecretsModule {
  /**
   * Creates a client from options, makes the app wait until its `preload` is in memory, and closes it when the app ends. A client
   * of your own is neither awaited nor closed. Throws `ConfigurationError` for an unknown option.
   */
  static forRoot(clientOrOptions: ClientOrOptions = {}, extras: SecretsModuleExtras = {}): DynamicModule {
    refuseUnknownOptions(extras, 'SecretsModule.forRoot()', extrasNames);
    return rootModule(extras, { providers: [{ provide: clientSource, useFactory: () => clientOrOptions }] });
  }

  /** As `forRoot`, with the client or its options from other providers: `useFactory` with `inject`, or a class. */
  static forRootAsync(options: SecretsModuleAsyncOptions): DynamicModule {
    refuseUnknownOptions(options, 'SecretsModule.forRootAsync()', asyncOptionNames);
    const { imports = [], inject = [], useFactory, useClass, useExisting = useClass } = options;
    if (useFactory !== undefined) {
      return rootModule(options, { imports, providers: [{ provide: clientSource, inject, useFactory }] });
    }
    if (useExisting === undefined) {
      throw new Error('SecretsModule.forRootAsync() requires one of useFactory, useClass or useExisting.');
    }
    const fromFactory: Provider = {
      provide: clientSource,
      inject: [useExisting],
      useFactory: (factory: SecretsOptionsFactory) => factory.createSecretsOptions(),
    };
    return rootModule(options, {
      imports,
      providers: useClass === undefined ? [fromFactory] : [useClass, fromFactory],
    });
  }

  /** Makes the app wait for these secrets, keeps them fresh until the app has ended, and provides their handles to the importing module, for `@InjectSecret`. */
  static forFeature(secrets: readonly FeatureSecret[], client: string = defaultClient): DynamicModule {
    const { loading, handles } = handleProviders(secrets, client);
    return { module: SecretsModule, providers: [loading, ...handles], exports: [...handles] };
  }
}

/** Where a client comes from: providers of `clientSource`, and the modules that export what those inject. */
interface ClientOrigin extends Pick<ModuleMetadata, 'imports'> {
  readonly providers: readonly Provider[];
}

function rootModule(
  { name = defaultClient, isGlobal = true, secrets = [] }: SecretsModuleExtras,
  { imports = [], providers }: ClientOrigin,
): DynamicModule {
  const client: Provider = {
    provide: getSecretClientToken(name),
    inject: [ModulesContainer, clientSource],
    useFactory(modules: ModulesContainer, clientOrOptions: ClientOrOptions) {
      refuseDuplicateName(modules, name);
      return openClient(clientOrOptions);
    },
  };
  const { loading, handles } = handleProviders(secrets, name);
  const exports = [client, ...handles, ...(name === defaultClient ? [SecretsService] : [])];
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

/** Handles depend on `loading`: Nest awaits it first, so a constructor that injects a handle finds its secret in memory. */
function handleProviders(
  secrets: readonly FeatureSecret[],
  client: string,
): { readonly loading: Provider; readonly handles: readonly Provider[] } {
  for (const secret of secrets) {
    if (typeof secret !== 'string') refuseUnknownOptions(secret, 'a secret of SecretsModule', ['name', 'optional']);
  }
  const clientToken = getSecretClientToken(client);
  const loadingToken = Symbol(`secrets of ${client}`);
  return {
    // One provider for all names, so that one error names every missing secret.
    loading: {
      provide: loadingToken,
      inject: [clientToken],
      useFactory: (from: SecretClient) => FeatureSecrets.load(from, secrets),
    },
    handles: secrets.map(nameOf).map((name) => ({
      provide: getSecretToken(name, client),
      inject: [loadingToken],
      useFactory: (loaded: FeatureSecrets) => loaded.handleOf(name),
    })),
  };
}
