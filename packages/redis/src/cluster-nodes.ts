import type { Clock } from '@kms-secrets/core';
import type { NodeAddress } from './cluster.ts';

export interface ClusterNodesParts {
  readonly clock: Clock;
  /** Runs a command on the node that holds `key`. Rejects if it does not respond. */
  readonly probe: (key: string) => Promise<void>;
  /** Whether the node is the primary of some slots. */
  readonly isPrimary: (node: NodeAddress) => boolean;
  readonly onUnavailable: (node: NodeAddress, reason: string) => void;
  readonly onRecovered: (node: NodeAddress) => void;
}

interface Outage {
  readonly reason: string;
  /** A key that the node holds, for probes. */
  readonly key: string;
  readonly cancelProbe: () => void;
}

/** Interval between probes of an unavailable node (ms). */
const probeInterval = 1_000;

/** The nodes of a cluster that are unavailable. Each one is probed until it responds, or until another node has its slots. */
export class ClusterNodes {
  readonly #parts: ClusterNodesParts;
  readonly #outages = new Map<NodeAddress, Outage>();

  constructor(parts: ClusterNodesParts) {
    this.#parts = parts;
  }

  has(node: NodeAddress): boolean {
    return this.#outages.has(node);
  }

  reasonOf(node: NodeAddress): string | undefined {
    return this.#outages.get(node)?.reason;
  }

  markUnavailable(node: NodeAddress, reason: string, key: string): void {
    if (this.#outages.has(node)) return;
    this.#outages.set(node, { reason, key, cancelProbe: this.#scheduleProbe(node, key) });
    this.#parts.onUnavailable(node, reason);
  }

  /** A late error says more than the timeout before it. */
  explain(node: NodeAddress | undefined, reason: string): void {
    const outage = node === undefined ? undefined : this.#outages.get(node);
    if (node !== undefined && outage !== undefined) this.#outages.set(node, { ...outage, reason });
  }

  /** The client has connected again. */
  clear(): void {
    for (const node of this.#outages.keys()) this.#recover(node);
  }

  close(): void {
    for (const { cancelProbe } of this.#outages.values()) cancelProbe();
    this.#outages.clear();
  }

  #scheduleProbe(node: NodeAddress, key: string): () => void {
    return this.#parts.clock.setUnrefTimer(probeInterval, () => void this.#probe(node, key));
  }

  async #probe(node: NodeAddress, key: string): Promise<void> {
    const { probe, isPrimary } = this.#parts;
    try {
      if (isPrimary(node)) await probe(key);
      this.#recover(node);
    } catch {
      const outage = this.#outages.get(node);
      if (outage !== undefined) this.#outages.set(node, { ...outage, cancelProbe: this.#scheduleProbe(node, key) });
    }
  }

  #recover(node: NodeAddress): void {
    const outage = this.#outages.get(node);
    if (outage === undefined) return;
    outage.cancelProbe();
    this.#outages.delete(node);
    this.#parts.onRecovered(node);
  }
}
