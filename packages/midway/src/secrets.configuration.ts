import { createSecretClient, isSecretClient, loadDeclared, refuseUnknownOptions } from '@kms-secrets/core';
import type { SecretClient, SecretHandle } from '@kms-secrets/core';
import {
  ApplicationContext,
  Configuration,
  Init,
  MidwayApplicationManager,
  MidwayConfigService,
  MidwayDecoratorService,
  MidwayLoggerService,
} from '@midwayjs/core';
import type { HealthResult, ILifeCycle, IMidwayContainer } from '@midwayjs/core';
import { injectClientKey, injectedNames, injectSecretKey, secretClientId } from './inject-secret.decorator.ts';
import { checkPaths, mergeSecrets, nameOf } from './merged-secrets.ts';
import { configKey, optionNames } from './options.ts';
import type { SecretsOptions } from './options.ts';
import { addSecretsToContexts } from './request-secrets.ts';

/** The component: opens one client for the app, merges secrets into the configuration, and closes the client when the app stops. */
@Configuration({ namespace: configKey })
export class SecretsConfiguration implements ILifeCycle {
  @ApplicationContext() readonly container!: IMidwayContainer;
  readonly #closers: (() => unknown)[] = [];
  readonly #handles = new Map<string, SecretHandle>();
  #client: SecretClient | undefined;
  #names: readonly string[] = [];

  /** Before any class that uses the decorators is created: a property is looked up when it is read. */
  @Init()
  registerDecorators(): void {
    const decorators = this.container.get(MidwayDecoratorService);
    decorators.registerPropertyHandler(injectSecretKey, (_property, { name }) => this.#handleOf(name));
    decorators.registerPropertyHandler(injectClientKey, () => this.#opened());
  }

  /** Midway awaits this before `onReady` of any component, and does not start if it rejects. */
  async onConfigLoad(_container: unknown, _app: unknown, limits?: { readonly timeout: number }): Promise<void> {
    try {
      // Below Midway's limit, whose error would name neither the secret nor the cause.
      await this.#open(limits?.timeout && 0.9 * limits.timeout);
    } catch (error) {
      await this.onStop();
      throw error;
    }
  }

  async onHealthCheck(): Promise<HealthResult> {
    const { status, problems } = this.#opened().health({ required: this.#names });
    return {
      status: status !== 'failing',
      reason: problems.map(({ kind, names }) => [kind, ...names].join(' ')).join(', '),
    };
  }

  /** Midway calls this in the reverse order of `imports`: the app and the components after this one can still read secrets. */
  async onStop(): Promise<void> {
    for (const close of this.#closers.splice(0)) await close();
  }

  async #open(timeout: number | undefined): Promise<void> {
    const { container } = this;
    const configuration = container.get(MidwayConfigService);
    const options = configuration.getConfiguration<SecretsOptions>(configKey, {});
    refuseUnknownOptions(options, configKey, optionNames);
    const { client: given = {}, preload = [], schemas = {}, config = {} } = options;
    checkPaths(config, configuration);
    const logger = container.get(MidwayLoggerService).getLogger('coreLogger');
    const isOwn = !isSecretClient(given);
    const client = isOwn ? createSecretClient({ logger, ...given }) : given;
    this.#client = client;
    if (isOwn) this.#closers.push(() => client.close());
    container.registerObject(secretClientId, client);

    this.#names = [...new Set([...preload, ...Object.values(config).map(nameOf), ...injectedNames(container)])];
    const mounted = { preload: this.#names, schemas: new Map(Object.entries(schemas)) };
    const ready = isOwn ? client.ready({ timeout }) : undefined;
    const [unpin] = await Promise.all([loadDeclared(client, mounted, { timeout }), ready]);
    this.#closers.unshift(unpin);
    this.#closers.unshift(...mergeSecrets(config, client, { configuration, logger }));
    for (const app of container.get(MidwayApplicationManager).getApplications())
      addSecretsToContexts(app, client, mounted);
  }

  #handleOf(name: string): SecretHandle {
    const known = this.#handles.get(name);
    if (known !== undefined) return known;
    const handle = this.#opened().handle(name);
    this.#handles.set(name, handle);
    this.#closers.unshift(() => handle.dispose());
    return handle;
  }

  #opened(): SecretClient {
    if (this.#client !== undefined) return this.#client;
    throw new Error(
      'The secrets were used before onConfigLoad of @kms-secrets/midway. Use them from onReady on, and list the component in imports before those that need it earlier.',
    );
  }
}
