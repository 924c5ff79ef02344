import type { Clock, SecretClient } from '@kms-secrets/core';
import { Pauses } from './pauses.ts';

/**
 * The least time between two refreshes of a secret (ms). A little more than a second, in which the client itself sends no request
 * after a refresh without a newer version.
 */
const interval = 1_050;

interface PendingRefresh {
  /** The number of events so far. */
  events: number;
}

interface BoundedRefreshParts {
  readonly client: Pick<SecretClient, 'refresh' | 'statusOf' | 'closing'>;
  readonly clock: Clock;
}

/** Refreshes secrets that are in memory, each at most once a second, whatever the number of events. */
export class BoundedRefresh {
  readonly #parts: BoundedRefreshParts;
  readonly #pauses: Pauses;
  readonly #pending = new Map<string, PendingRefresh>();

  constructor(parts: BoundedRefreshParts) {
    this.#parts = parts;
    this.#pauses = new Pauses({ clock: parts.clock, signal: parts.client.closing });
  }

  /** Whether the secret is in memory, or was until KMS refused it. */
  isKnown(name: string): boolean {
    return this.#versionOf(name) !== undefined;
  }

  /** Refreshes a known secret now, or a second after its last refresh. */
  request(name: string): void {
    const pending = this.#pending.get(name);
    if (pending !== undefined) {
      pending.events += 1;
      return;
    }
    const started: PendingRefresh = { events: 1 };
    this.#pending.set(name, started);
    void this.#run(name, started);
  }

  /**
   * A refresh without a newer version is repeated once: it may have joined a request from before the rotation, or reached a gateway
   * that does not have the version yet.
   */
  async #run(name: string, pending: PendingRefresh): Promise<void> {
    const { client } = this.#parts;
    let seen = 0;
    while (!client.closing.aborted) {
      const { events } = pending;
      const isRepeated = events === seen;
      seen = events;
      const [isNewer] = await Promise.all([this.#refresh(name), this.#pauses.pause(interval)]);
      if (pending.events === seen && (isNewer || isRepeated)) break;
    }
    this.#pending.delete(name);
  }

  async #refresh(name: string): Promise<boolean> {
    const versionId = this.#versionOf(name);
    if (versionId === undefined) return true; // dropped in the meantime
    try {
      return (await this.#parts.client.refresh(name, { unlessNewerThan: versionId })).versionId !== versionId;
    } catch {
      return false; // the client reports it, and retries by its own schedule
    }
  }

  #versionOf(name: string): string | undefined {
    return this.#parts.client.statusOf(name)?.versionId;
  }
}
