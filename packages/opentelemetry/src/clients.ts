import { subscribe, tracingChannel, unsubscribe } from 'node:diagnostics_channel';
import type { ChannelListener } from 'node:diagnostics_channel';
import type { ClientMessage, ClientMonitor, EventMessage, FetchMessage } from '@kms-secrets/core';
import { ClientGroup } from './client-group.ts';
import type { ObservedMetric } from './metrics.ts';
import { allowedNames, labelledClients } from './options.ts';
import type { MeasuredClients } from './options.ts';
import type { Attributes, Sample } from './samples.ts';

/** Receives what happens to measured clients. `attributes`: those of the group of the client, and the name if it is allowed. */
export interface ClientObserver {
  fetchStarted?(fetch: FetchMessage, attributes: Attributes): void;
  fetchEnded(fetch: FetchMessage, attributes: Attributes): void;
  rotated(rotation: EventMessage<'rotated'>, attributes: Attributes): void;
}

/** The measured clients: the given ones, or all of the process. Found and observed through the channels of core. */
export class MeasuredClientSet {
  readonly #observer: ClientObserver;
  readonly #names: ReadonlySet<string>;
  readonly #groups = new Map<string | undefined, ClientGroup>();
  /** The group of each given client; `undefined` if all clients are measured. */
  readonly #given: WeakMap<ClientMonitor, ClientGroup> | undefined;
  #stop: (() => void) | undefined;

  constructor(options: MeasuredClients, observer: ClientObserver) {
    this.#observer = observer;
    this.#names = allowedNames(options);
    const clients = labelledClients(options);
    this.#given = clients && new WeakMap();
    for (const { monitor, label } of clients ?? []) {
      const group = this.#group(label);
      group.add(monitor);
      this.#given?.set(monitor, group);
    }
    if (clients === undefined) this.#group(undefined);
    this.#stop = this.#subscribe();
  }

  /** Takes a few milliseconds for 100,000 secrets. */
  collect(): ReadonlyMap<ObservedMetric, readonly Sample[]> {
    const all = new Map<ObservedMetric, Sample[]>();
    for (const group of this.#groups.values()) {
      for (const [metric, samples] of group.collect()) all.set(metric, [...(all.get(metric) ?? []), ...samples]);
    }
    return all;
  }

  /** Ends the subscriptions and forgets the clients. */
  close(): void {
    this.#unsubscribe();
    this.#groups.clear();
  }

  #unsubscribe(): void {
    this.#stop?.();
    this.#stop = undefined;
  }

  #group(label: string | undefined): ClientGroup {
    const group = this.#groups.get(label) ?? new ClientGroup(label, this.#names);
    this.#groups.set(label, group);
    return group;
  }

  /** The group of a client; `undefined` if it is not measured. A client that is seen for the first time joins the group of all. */
  #groupOf(client: ClientMonitor): ClientGroup | undefined {
    if (this.#given !== undefined) return this.#given.get(client);
    const group = this.#groups.get(undefined);
    if (!client.isClosed) group?.add(client);
    return group;
  }

  /** The attributes of a message; `undefined` if its client is not measured. */
  #attributesOf({ client, name }: ClientMessage & { readonly name: string }): Attributes | undefined {
    const attributes = this.#groupOf(client)?.attributes;
    return attributes && this.#names.has(name) ? { ...attributes, 'kms_secrets.secret.name': name } : attributes;
  }

  #subscribe(): () => void {
    const observer = this.#observer;
    const fetches = tracingChannel<object, FetchMessage>('kms-secrets:fetch');
    // Each channel has only messages of its type.
    const start = (message: FetchMessage): void => {
      const attributes = this.#attributesOf(message);
      if (attributes !== undefined) observer.fetchStarted?.(message, attributes);
    };
    const asyncEnd = (message: FetchMessage): void => {
      const attributes = this.#attributesOf(message);
      if (attributes !== undefined) observer.fetchEnded(message, attributes);
    };
    const rotated = (message: unknown): void => {
      const rotation = message as EventMessage<'rotated'>;
      const attributes = this.#attributesOf(rotation);
      if (attributes !== undefined) observer.rotated(rotation, attributes);
    };
    const created = (message: unknown): void => {
      this.#groupOf((message as ClientMessage).client);
    };
    const closed = (message: unknown): void => {
      const groups = [...this.#groups.values()];
      for (const group of groups) group.closed((message as ClientMessage).client);
      // An app that closes its client need not end the measurements too.
      if (this.#given !== undefined && groups.every(({ isEmpty }) => isEmpty)) this.#unsubscribe();
    };
    const listeners = { rotated, created, closed };
    fetches.start.subscribe(start as ChannelListener);
    fetches.asyncEnd.subscribe(asyncEnd as ChannelListener);
    for (const [name, listener] of Object.entries(listeners)) subscribe(`kms-secrets:${name}`, listener);
    return () => {
      fetches.start.unsubscribe(start as ChannelListener);
      fetches.asyncEnd.unsubscribe(asyncEnd as ChannelListener);
      for (const [name, listener] of Object.entries(listeners)) unsubscribe(`kms-secrets:${name}`, listener);
    };
  }
}

/** The attributes of an ended fetch: its endpoint and its failure. */
export function fetchAttributes({ endpoint, failure, error }: FetchMessage): Attributes {
  return {
    ...(endpoint !== undefined && { 'server.address': endpoint }),
    ...(error !== undefined && { 'error.type': failure ?? error.code }),
  };
}
