import { SecretSnapshot } from '@kms-secrets/core';
import { actions, isShared, ProcessClient } from './process-client.ts';
import type { EggProcess } from './process-client.ts';
import { WorkerLink } from './shared-store/worker-link.ts';

interface EggApplication extends EggProcess {
  readonly config: EggProcess['config'] & { readonly coreMiddleware: string[] };
  /** The prototype of every `ctx`. */
  readonly context: object;
}

/** The boot class of the plug-in in a worker: `app.secrets`, `ctx.secrets`, and a start that waits for `preload`. */
export class SecretsApp {
  readonly #app: EggApplication;
  readonly #link = new WorkerLink();
  #own: ProcessClient | undefined;

  constructor(app: EggApplication) {
    this.#app = app;
  }

  /** Before the other plug-ins of the app: their hooks from here on find `app.secrets`. */
  configDidLoad(): void {
    const app = this.#app;
    const link = isShared(app.config.kmsSecrets) ? this.#link : undefined;
    if (link !== undefined) {
      app.messenger.on(actions.path, ({ path }: { readonly path?: string }) => link.open(path));
      app.messenger.send(actions.request, {});
    }
    const own = new ProcessClient(app, link);
    this.#own = own;
    Object.defineProperty(app, 'secrets', { value: own.client, configurable: true });
    app.config.coreMiddleware.unshift('kmsSecrets');
    const snapshots = new WeakMap<object, SecretSnapshot>();
    Object.defineProperty(app.context, 'secrets', {
      configurable: true,
      get(this: object) {
        const present = snapshots.get(this);
        if (present !== undefined) return present;
        const snapshot = new SecretSnapshot();
        void snapshot.mount(own.client, { schemas: own.schemas });
        snapshots.set(this, snapshot);
        return snapshot;
      },
    });
  }

  /** Egg listens only after this has ended, and exits with the error if it fails. */
  async didLoad(): Promise<void> {
    await this.#own?.load().finally(() => this.#link.endStart());
  }

  /** Egg closes in reverse order, so what reads secrets is closed before. */
  async beforeClose(): Promise<void> {
    await this.#own?.close();
  }
}
