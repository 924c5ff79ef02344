import type { StoreEvent } from '@kms-secrets/core';
import type { NodeAddress } from './cluster.ts';
import { partOf } from './redis-error.ts';

type Connection = 'commands' | 'messages';

/**
 * Turns the states of the connections into events of the store. A single server is one outage, whichever connection fails first.
 * Of a cluster, each node and the messages are parts of their own: the store is used without them.
 */
export class Outages {
  readonly #emit: (event: StoreEvent) => void;
  readonly #failing = new Set<Connection>();
  readonly #failingParts = new Set<string>();

  constructor(emit: (event: StoreEvent) => void) {
    this.#emit = emit;
  }

  failed(connection: Connection, reason: string): void {
    if (this.#failing.size === 0) this.#emit({ kind: 'unavailable', reason });
    this.#failing.add(connection);
  }

  recovered(connection: Connection): void {
    if (this.#failing.delete(connection) && this.#failing.size === 0) this.#emit({ kind: 'recovered' });
  }

  nodeFailed(node: NodeAddress, reason: string): void {
    this.partFailed(partOf(node), reason);
  }

  nodeRecovered(node: NodeAddress): void {
    this.partRecovered(partOf(node));
  }

  partFailed(part: string, reason: string): void {
    if (this.#failingParts.has(part)) return;
    this.#failingParts.add(part);
    this.#emit({ kind: 'unavailable', reason, part });
  }

  partRecovered(part: string): void {
    if (this.#failingParts.delete(part)) this.#emit({ kind: 'recovered', part });
  }
}
