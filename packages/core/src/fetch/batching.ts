// Fetches that start at the same time share one request, where the transport supports it. Callers do not notice: a secret that
// is missing in the response, or whose batch was rejected as a whole, is fetched by a request of its own in the same attempt.

import { failures } from '../secret/failures.ts';
import type { Secret } from '../secret/secret.ts';
import { plainName } from '../secret/secret-name.ts';
import { asFetchFailure, isFetchFailure } from '../ports/transport.ts';
import type { FetchFailure, SecretTransport } from '../ports/transport.ts';
import type { SecretRequest } from '../secret/secret-request.ts';
import { onAbort } from '../time/abort.ts';
import type { Clock } from '../time/clock.ts';

/** The limit of KMS for one request. */
const maxBatchSize = 20;
/** The names are part of the URL, percent-encoded: 20 long ones would exceed the length that servers accept. */
const maxNameCharacters = 2_000;
/** Milliseconds that the first fetch of a batch waits for more: they start in one turn of the event loop, or close to it. */
const batchDelay = 2;

/** The codes of an endpoint without the batch action. */
const unsupportedCodes: ReadonlySet<string> = new Set(['InvalidAction.NotFound', 'InvalidApi.NotFound']);

/** Enables batches, only during work that starts many fetches: each of them waits `batchDelay` for the others. */
export class Batching {
  readonly #clock: Clock;
  #activeCount = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Fetches that start before `work` settles may share a request. */
  async during<Value>(work: () => Promise<Value>): Promise<Value> {
    this.#activeCount += 1;
    try {
      return await work();
    } finally {
      this.#activeCount -= 1;
    }
  }

  /** A transport that sends batches; `transport` itself if it has no `fetchMany`. */
  wrap(transport: SecretTransport): SecretTransport {
    const fetchMany = transport.fetchMany?.bind(transport);
    if (fetchMany === undefined) return transport;
    const collector = new BatchCollector({ clock: this.#clock, fetch: transport.fetch.bind(transport), fetchMany });
    return {
      endpoint: transport.endpoint,
      fetch: (request, signal) =>
        this.#activeCount > 0 ? collector.add(request, signal) : transport.fetch(request, signal),
      close: () => transport.close(),
    };
  }
}

interface BatchCollectorParts extends Required<Pick<SecretTransport, 'fetch' | 'fetchMany'>> {
  readonly clock: Clock;
}

/** One fetch in a batch. */
interface BatchItem {
  readonly request: SecretRequest;
  readonly signal: AbortSignal;
  /** Has no effect on a cancelled item. */
  readonly settle: (outcome: Promise<Secret>) => void;
  isCancelled: boolean;
}

/** Collects the fetches at one endpoint until the batch is full or `batchDelay` has passed. */
class BatchCollector {
  readonly #parts: BatchCollectorParts;
  #items: BatchItem[] = [];
  #cancelTimer: (() => void) | undefined;
  #isUnsupported = false;

  constructor(parts: BatchCollectorParts) {
    this.#parts = parts;
  }

  add(request: SecretRequest, signal: AbortSignal): Promise<Secret> {
    if (this.#isUnsupported || signal.aborted) return this.#parts.fetch(request, signal);
    if (!this.#fits(request)) this.#flush();
    return new Promise((resolve, reject) => {
      const item: BatchItem = {
        request,
        signal,
        isCancelled: false,
        settle(outcome) {
          removeListener();
          outcome.then(resolve, reject);
        },
      };
      const removeListener = onAbort(signal, () => {
        item.isCancelled = true;
        reject(signal.reason as Error); // the caller's own
        if (this.#items.every(({ isCancelled }) => isCancelled)) this.#flush();
      });
      this.#items.push(item);
      if (this.#items.length === maxBatchSize) this.#flush();
      else this.#cancelTimer ??= this.#parts.clock.setTimer(batchDelay, () => this.#flush());
    });
  }

  /** Two stages of one secret do not fit in one batch: KMS requires distinct names. */
  #fits({ name }: SecretRequest): boolean {
    const names = this.#items.map(({ request }) => request.name);
    const characters = names.reduce((sum, one) => sum + one.length, name.length);
    return characters <= maxNameCharacters && !names.some((one) => plainName(one) === plainName(name));
  }

  #flush(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    const items = this.#items.filter(({ isCancelled }) => !isCancelled);
    this.#items = [];
    const [first, ...others] = items;
    if (first !== undefined && others.length === 0) this.#fetchSingle(first);
    else if (first !== undefined) void this.#fetchBatch(items);
  }

  #fetchSingle({ request, signal, settle }: BatchItem): void {
    settle(rejectInsteadOfThrow(() => this.#parts.fetch(request, signal)));
  }

  async #fetchBatch(items: readonly BatchItem[]): Promise<void> {
    try {
      const requests = items.map(({ request }) => request);
      const response = await this.#parts.fetchMany(requests, signalOfBatch(items));
      // A custom transport may return something that is not iterable: this throws before any item is settled.
      const outcomes = [...response];
      for (const [index, item] of items.entries()) this.#settle(item, outcomes[index]);
    } catch (error) {
      this.#rejectBatch(items, asFetchFailure(error));
    }
  }

  #settle(item: BatchItem, outcome: Secret | FetchFailure | undefined): void {
    if (item.isCancelled) return;
    if (outcome === undefined || (isFetchFailure(outcome) && outcome.failure === 'malformed')) {
      this.#fetchSingle(item);
    } else item.settle(isFetchFailure(outcome) ? Promise.reject(outcome) : Promise.resolve(outcome));
  }

  /**
   * An outage fails every item, as it would fail a request for one secret. Any other failure may concern a single secret, or
   * the batch action, without a hint which: each item is fetched on its own.
   */
  #rejectBatch(items: readonly BatchItem[], error: FetchFailure): void {
    if (unsupportedCodes.has(error.code ?? '')) this.#isUnsupported = true;
    const isOutage = failures[error.failure].retry || error.failure === 'untrusted';
    for (const item of items) {
      if (item.isCancelled) continue;
      if (isOutage) item.settle(Promise.reject(error));
      else this.#fetchSingle(item);
    }
  }
}

/** A custom transport may throw synchronously; after a timer nothing would catch that. */
async function rejectInsteadOfThrow(fetch: () => Promise<Secret>): Promise<Secret> {
  return fetch();
}

/** Fires when every item of the batch is cancelled. */
function signalOfBatch(items: readonly BatchItem[]): AbortSignal {
  const controller = new AbortController();
  let remaining = items.length;
  for (const { signal } of items) {
    onAbort(signal, () => {
      remaining -= 1;
      if (remaining === 0) controller.abort(signal.reason);
    });
  }
  return controller.signal;
}
