import type { ClientMonitor } from '@kms-secrets/core';
import { observedMetrics } from './metrics.ts';
import type { ClientView, ObservedMetric } from './metrics.ts';
import { SampleSet } from './samples.ts';
import type { Attributes, Sample } from './samples.ts';

/** Clients that are measured as one. What closed clients have counted stays in the totals: a counter must not go back. */
export class ClientGroup {
  /** The attributes that each sample of the group has. */
  readonly attributes: Attributes;
  readonly #clients = new Set<ClientMonitor>();
  readonly #names: ReadonlySet<string>;
  #closed = new Map<ObservedMetric, readonly Sample[]>();

  constructor(label: string | undefined, names: ReadonlySet<string>) {
    this.attributes = label === undefined ? {} : { 'kms_secrets.client': label };
    this.#names = names;
  }

  add(client: ClientMonitor): void {
    this.#clients.add(client);
  }

  get isEmpty(): boolean {
    return this.#clients.size === 0;
  }

  /** Adds the counters of a client to the totals, and forgets it. */
  closed(client: ClientMonitor): void {
    if (!this.#clients.delete(client)) return;
    const view = this.#viewOf(client);
    const counters = observedMetrics.filter(({ kind }) => kind === 'counter');
    this.#closed = new Map(counters.map((metric) => [metric, this.#samplesOf(metric, [view])]));
  }

  /** The samples of every observed metric. */
  collect(): ReadonlyMap<ObservedMetric, readonly Sample[]> {
    for (const client of this.#clients) if (client.isClosed) this.closed(client);
    const views = Array.from(this.#clients, (client) => this.#viewOf(client));
    return new Map(observedMetrics.map((metric) => [metric, this.#samplesOf(metric, views)]));
  }

  #samplesOf(metric: ObservedMetric, views: readonly ClientView[]): readonly Sample[] {
    const set = new SampleSet(metric.merge);
    for (const sample of this.#closed.get(metric) ?? []) set.add(sample);
    for (const { value, attributes } of views.flatMap((view) => metric.of(view))) {
      set.add({ value, attributes: { ...this.attributes, ...attributes } });
    }
    return set.samples;
  }

  #viewOf(client: ClientMonitor): ClientView {
    return {
      stats: client.stats(),
      health: client.health(),
      description: client.describe({ secrets: false }),
      allowed: Array.from(this.#names).flatMap((name) => client.statusOf(name) ?? []),
    };
  }
}
