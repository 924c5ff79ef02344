import type { SecretRequest, SecretStore, StoredSecret, StoreEvent, StoreLease } from '@kms-secrets/core';
import type { StoreCall } from './messages.ts';

/** The way from a process to the store of the agent. */
export interface AgentLink {
  readonly preparing?: Promise<unknown> | undefined;
  call(call: StoreCall): Promise<unknown>;
  subscribe(listener: (event: StoreEvent) => void): () => void;
  close(): void;
}

/** The store of the agent, as the client of a process uses it. */
export class AgentStore implements SecretStore {
  readonly name = 'Egg agent';
  readonly #link: AgentLink;

  constructor(link: AgentLink) {
    this.#link = link;
  }

  get preparing(): Promise<unknown> | undefined {
    return this.#link.preparing;
  }

  read(request: SecretRequest): Promise<StoredSecret | undefined> {
    return this.#link.call(['read', request]) as Promise<StoredSecret | undefined>; // what `write` was given
  }

  async write(request: SecretRequest, secret: StoredSecret): Promise<void> {
    await this.#link.call(['write', request, secret]);
  }

  async remove(request: SecretRequest): Promise<void> {
    await this.#link.call(['remove', request]);
  }

  async removeAll(name: string): Promise<void> {
    await this.#link.call(['removeAll', name]);
  }

  async lease(request: SecretRequest, ms: number): Promise<StoreLease | undefined> {
    if ((await this.#link.call(['lease', request, ms])) !== true) return undefined;
    return { release: async () => void (await this.#link.call(['release', request])) };
  }

  subscribe(listener: (event: StoreEvent) => void): () => void {
    return this.#link.subscribe(listener);
  }

  async close(): Promise<void> {
    this.#link.close();
  }
}
