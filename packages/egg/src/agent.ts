import { systemClock } from '@kms-secrets/core';
import { actions, isShared, ProcessClient } from './process-client.ts';
import type { EggProcess } from './process-client.ts';
import { AgentServer, LocalLink } from './shared-store/agent-server.ts';
import { StoreHub } from './shared-store/store-hub.ts';

/** The boot class of the plug-in in the agent: `agent.secrets`, and the store that all workers share. */
export class SecretsAgent {
  readonly #agent: EggProcess;
  readonly #hub = new StoreHub(systemClock);
  readonly #server = new AgentServer(this.#hub);
  #own: ProcessClient | undefined;

  constructor(agent: EggProcess) {
    this.#agent = agent;
  }

  configDidLoad(): void {
    const agent = this.#agent;
    const link = isShared(agent.config.kmsSecrets) ? new LocalLink(this.#hub) : undefined;
    this.#own = new ProcessClient(agent, link);
    Object.defineProperty(agent, 'secrets', { value: this.#own.client, configurable: true });
  }

  /** Workers are started after this. */
  async didLoad(): Promise<void> {
    const { config, messenger, coreLogger } = this.#agent;
    if (!isShared(config.kmsSecrets)) return;
    // Not awaited, and its error is that of every worker, which reports it: an agent that cannot start ends the whole machine.
    this.#own?.load().catch(() => {});
    const path = await this.#server.listen().catch((error: unknown) => {
      coreLogger.warn(`Each worker requests KMS itself: the agent cannot listen on a socket (${String(error)}).`);
      return undefined;
    });
    messenger.on(actions.request, () => messenger.send(actions.path, { path }));
    messenger.send(actions.path, { path });
  }

  async beforeClose(): Promise<void> {
    await this.#own?.close();
    await this.#server.close();
  }
}
