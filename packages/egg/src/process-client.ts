import { createSecretClient, loadDeclared } from '@kms-secrets/core';
import type { SecretClient } from '@kms-secrets/core';
import type { AnyConfig } from './config.ts';
import { AgentStore } from './shared-store/agent-store.ts';
import type { AgentLink } from './shared-store/agent-store.ts';

/** The parts of the application and of the agent of Egg that the plug-in uses: they are the same in Egg 3 and 4. */
export interface EggProcess {
  readonly config: { readonly kmsSecrets?: AnyConfig };
  readonly coreLogger: Record<'info' | 'warn' | 'error', (line: string) => void>;
  readonly messenger: {
    on(action: string, listener: (data: never) => void): unknown;
    /** To the agent from a worker, to all workers from the agent. Unlike `sendToApp`, it does not warn before all workers have started. */
    send(action: string, data: unknown): unknown;
  };
}

/** A worker requests the path of the agent's socket, and the agent sends it to all workers. No secret is in messages of Egg: its debug log prints them. */
export const actions = { request: 'kms-secrets:request-path', path: 'kms-secrets:path' } as const;

/** The client of one process, from `config.kmsSecrets`. */
export class ProcessClient {
  readonly client: SecretClient;
  readonly schemas: ReadonlyMap<string, StandardSchema>;
  readonly #preload: readonly string[];
  readonly #isOwn: boolean;
  #unpin = (): void => {};

  /** Throws `ConfigurationError`. */
  constructor({ config, coreLogger }: EggProcess, link: AgentLink | undefined) {
    const { client, preload = [], schemas = {}, ...options } = config.kmsSecrets ?? {};
    const { shareViaAgent: _share, enable: _enable, match: _match, ignore: _ignore, stores = [], ...own } = options;
    const logger = {
      info: (line: string) => coreLogger.info(line),
      warn: (line: string) => coreLogger.warn(line),
      error: (line: string) => coreLogger.error(line),
    };
    this.#isOwn = client === undefined;
    this.client =
      client ??
      createSecretClient({
        logger,
        ...own,
        stores: [...(link === undefined ? [] : [new AgentStore(link)]), ...[stores].flat()],
      });
    this.#preload = preload;
    this.schemas = new Map(Object.entries(schemas));
  }

  /** Rejects with `SecretSetError`, which names every secret that could not be read, or with `SecretTypeError`. */
  async load(): Promise<void> {
    const { schemas } = this;
    const ready = this.#isOwn ? this.client.ready() : undefined;
    const [unpin] = await Promise.all([loadDeclared(this.client, { preload: this.#preload, schemas }), ready]);
    this.#unpin = unpin;
  }

  async close(): Promise<void> {
    this.#unpin();
    if (this.#isOwn) await this.client.close();
  }
}
type StandardSchema = NonNullable<AnyConfig['schemas']>[string];

/** Whether the processes share their secrets through the agent. A store that a fleet shares does the same for all machines. */
export function isShared({ client, shareViaAgent, stores = [] }: AnyConfig = {}): boolean {
  const hasFleet = [stores].flat().some((store) => store.lease !== undefined);
  return client === undefined && (shareViaAgent ?? (!hasFleet && process.platform !== 'win32'));
}
