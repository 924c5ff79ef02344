// Fetches that start at the same time share one request, if the transport supports it. A secret that is missing in the response,
// or whose batch was rejected as a whole, is fetched by a request of its own within the same attempt.

import { batchDelay } from '../endpoint/batching-transport.ts';
import type { BatchingTransport, BatchMember } from '../endpoint/batching-transport.ts';
import { failures } from '../secret/failures.ts';
import type { Secret } from '../secret/secret.ts';
import { plainName } from '../secret/secret-name.ts';
import { asFetchFailure, isFetchFailure } from '../ports/transport.ts';
import type { FetchFailure } from '../ports/transport.ts';
import type { SecretRequest } from '../secret/secret-request.ts';
import { onAbort } from '../time/abort.ts';
import type { CancelSignal } from '../time/abort.ts';
import type { Clock } from '../time/clock.ts';

/** The limit of KMS for one request. */
export const maxBatchSize = 20;
/** The names are percent-encoded in the URL: 20 long names would exceed the length that servers accept. */
const maxNameCharacters = 2_000;

/** The error codes of an endpoint that does not support the batch action. */
const unsupportedCodes: ReadonlySet<string> = new Set(['InvalidAction.NotFound', 'InvalidApi.NotFound']);

/** Enables batches during work that starts many fetches. At other times, a fetch would wait `batchDelay` for nothing. */
export class Batching {
  readonly #clock: Clock;
  #activeCount = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether such work is running. */
  get isActive(): boolean {
    return this.#activeCount > 0;
  }

  /** Enables batches until `work` settles. */
  async during<Value>(work: () => Promise<Value>): Promise<Value> {
    this.#activeCount += 1;
    try {
      return await work();
    } finally {
      this.#activeCount -= 1;
    }
  }

  /** Returns a transport that sends batches; `transport` itself if it has no `fetchMany`. */
  wrap(transport: BatchingTransport): BatchingTransport {
    const fetchMany = transport.fetchMany?.bind(transport);
    if (fetchMany === undefined) return transport;
    const collector = new BatchCollector({ clock: this.#clock, fetch: transport.fetch.bind(transport), fetchMany });
    return {
      endpoint: transport.endpoint,
      identity: transport.identity,
      acceptsCancelSignal: transport.acceptsCancelSignal,
      fetch: (request, signal, member) =>
        this.#activeCount > 0 ? collector.add(request, signal, member) : transport.fetch(request, signal),
      batchSize: () => (this.#activeCount > 0 && !collector.isUnsupported ? maxBatchSize : 1),
      close: () => transport.close(),
    };
  }
}

interface BatchCollectorParts extends Required<Pick<BatchingTransport, 'fetch' | 'fetchMany'>> {
  readonly clock: Clock;
}

/** One fetch in a batch. */
interface BatchItem {
  readonly request: SecretRequest;
  readonly signal: CancelSignal;
  readonly member: BatchMember | undefined;
  /** Settles the fetch like `outcome`. Has no effect if it was cancelled. */
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

  get isUnsupported(): boolean {
    return this.#isUnsupported;
  }

  add(request: SecretRequest, signal: CancelSignal, member?: BatchMember): Promise<Secret> {
    if (this.#isUnsupported || signal.aborted) return this.#parts.fetch(request, signal);
    if (!this.#fits(request)) this.#flush();
    return new Promise((resolve, reject) => {
      const item: BatchItem = {
        request,
        signal,
        member,
        isCancelled: false,
        settle(outcome) {
          cancellation.remove();
          outcome.then(resolve, reject);
        },
      };
      const cancellation = onAbort(signal, () => {
        item.isCancelled = true;
        reject(signal.reason as Error); // unchanged: the caller chose the reason
        if (this.#items.every(({ isCancelled }) => isCancelled)) this.#flush();
      });
      this.#items.push(item);
      if (this.#items.length === maxBatchSize) this.#flush();
      else this.#cancelTimer ??= this.#parts.clock.setTimer(batchDelay, () => this.#flush());
    });
  }

  /** Whether `request` fits into the current batch. Two stages of one secret do not: KMS requires distinct names. */
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

  /** The items of a batch have one permit. Sent at once, twenty requests would exceed the rate of the endpoint. */
  #fetchAfterBatch({ request, signal, member, settle }: BatchItem): void {
    settle(
      rejectInsteadOfThrow(async () => {
        await member?.leaveBatch();
        return this.#parts.fetch(request, signal);
      }),
    );
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
      this.#fetchAfterBatch(item);
    } else item.settle(isFetchFailure(outcome) ? Promise.reject(outcome) : Promise.resolve(outcome));
  }

  /**
   * An outage fails every item, as it would fail a request for one secret. Any other failure may concern one of the secrets or
   * the batch action, and KMS does not say which: each item is fetched on its own.
   */
  #rejectBatch(items: readonly BatchItem[], error: FetchFailure): void {
    if (unsupportedCodes.has(error.code ?? '')) this.#isUnsupported = true;
    const isOutage = failures[error.failure].retry || error.failure === 'untrusted';
    for (const item of items) {
      if (item.isCancelled) continue;
      if (isOutage) item.settle(Promise.reject(error));
      else this.#fetchAfterBatch(item);
    }
  }
}

/** A custom transport may throw synchronously, and nothing would catch that in a timer. */
async function rejectInsteadOfThrow(fetch: () => Promise<Secret>): Promise<Secret> {
  return fetch();
}

/** Returns a signal that aborts when every item of the batch is cancelled. */
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
