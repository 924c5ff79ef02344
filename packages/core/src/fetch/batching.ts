// Fetches that begin together can go together, by one request, where an endpoint knows how. Whoever fetches does not notice: a
// secret that a batch says nothing of, or whose batch was refused as a whole, is fetched alone within the same attempt.

import { onAbort } from '../time/abort.ts';
import type { Clock } from '../time/clock.ts';
import { failures } from '../secret/failures.ts';
import type { Secret } from '../secret/secret.ts';
import { plainName } from '../secret/secret-name.ts';
import { asFetchFailure, isFetchFailure } from '../ports/transport.ts';
import type { FetchFailure, SecretRequest, SecretTransport } from '../ports/transport.ts';

/** As many as KMS takes in one request. */
const maxBatchSize = 20;
/** All names go into the URL of one request, percent-encoded: 20 long ones would be more than servers take there. */
const maxNameCharacters = 2_000;
/** Milliseconds that the first waits for the others: they begin in one turn of the event loop, or close to it. */
const batchDelay = 2;

/** What an endpoint that does not know the action answers. */
const unsupportedCodes: ReadonlySet<string> = new Set(['InvalidAction.NotFound', 'InvalidApi.NotFound']);

/** Whether fetches go together: only while work is done that begins many of them, since each waits for the others. */
export class Batching {
  readonly #clock: Clock;
  readonly #isOn: boolean;
  #activeCount = 0;

  constructor({ clock, isOn }: { readonly clock: Clock; readonly isOn: boolean }) {
    this.#clock = clock;
    this.#isOn = isOn;
  }

  /** Fetches that begin while `work` goes on may go together. */
  async during<Value>(work: () => Promise<Value>): Promise<Value> {
    this.#activeCount += 1;
    try {
      return await work();
    } finally {
      this.#activeCount -= 1;
    }
  }

  /** The transport as it is to be used; itself, if it can fetch one secret at a time only. */
  wrap(transport: SecretTransport): SecretTransport {
    const fetchMany = transport.fetchMany?.bind(transport);
    if (!this.#isOn || fetchMany === undefined) return transport;
    const gathering = new BatchCollector({ clock: this.#clock, fetch: transport.fetch.bind(transport), fetchMany });
    return {
      endpoint: transport.endpoint,
      fetch: (request, signal) =>
        this.#activeCount > 0 ? gathering.add(request, signal) : transport.fetch(request, signal),
      connectTime: async (signal) => transport.connectTime?.(signal),
      close: () => transport.close(),
    };
  }
}

interface BatchCollectorParts extends Required<Pick<SecretTransport, 'fetch' | 'fetchMany'>> {
  readonly clock: Clock;
}

/** One fetch that goes with others. Once it is over, nothing changes what came of it. */
interface BatchItem {
  readonly request: SecretRequest;
  readonly signal: AbortSignal;
  readonly settle: (outcome: Promise<Secret>) => void;
  isCancelled: boolean;
}

/** The fetches at one endpoint that wait to go together. */
class BatchCollector {
  readonly #parts: BatchCollectorParts;
  #items: BatchItem[] = [];
  #cancelTimer: (() => void) | undefined;
  /** The endpoint has said that it does not know how: it is not asked again. */
  #isUnsupported = false;

  constructor(parts: BatchCollectorParts) {
    this.#parts = parts;
  }

  add(request: SecretRequest, signal: AbortSignal): Promise<Secret> {
    if (this.#isUnsupported || signal.aborted) return this.#parts.fetch(request, signal);
    if (!this.#fits(request)) this.#flush();
    return new Promise((resolve, reject) => {
      const passenger: BatchItem = {
        request,
        signal,
        isCancelled: false,
        settle(outcome) {
          forget();
          outcome.then(resolve, reject);
        },
      };
      const forget = onAbort(signal, () => {
        passenger.isCancelled = true;
        reject(signal.reason as Error); // the caller's own
        if (this.#items.every(({ isCancelled }) => isCancelled)) this.#flush();
      });
      this.#items.push(passenger);
      if (this.#items.length === maxBatchSize) this.#flush();
      else this.#cancelTimer ??= this.#parts.clock.setTimer(batchDelay, () => this.#flush());
    });
  }

  /** Two stages of one secret do not go together: KMS wants different secrets. */
  #fits({ name }: SecretRequest): boolean {
    const names = this.#items.map(({ request }) => request.name);
    const characters = names.reduce((sum, one) => sum + one.length, name.length);
    return characters <= maxNameCharacters && !names.some((one) => plainName(one) === plainName(name));
  }

  #flush(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    const passengers = this.#items.filter(({ isCancelled }) => !isCancelled);
    this.#items = [];
    const [first, ...others] = passengers;
    if (first !== undefined && others.length === 0) this.#fetchSingle(first);
    else if (first !== undefined) void this.#fetchBatch(passengers);
  }

  #fetchSingle({ request, signal, settle }: BatchItem): void {
    settle(startFetch(() => this.#parts.fetch(request, signal)));
  }

  async #fetchBatch(passengers: readonly BatchItem[]): Promise<void> {
    try {
      const requests = passengers.map(({ request }) => request);
      const outcomes = await this.#parts.fetchMany(requests, abortWhenAllCancelled(passengers));
      // A copy: it throws for something else than a list, before anybody has got anything.
      const each = [...outcomes];
      for (const [index, passenger] of passengers.entries()) this.#settle(passenger, each[index]);
    } catch (error) {
      this.#rejectBatch(passengers, asFetchFailure(error));
    }
  }

  #settle(passenger: BatchItem, outcome: Secret | FetchFailure | undefined): void {
    if (passenger.isCancelled) return;
    if (outcome === undefined || (isFetchFailure(outcome) && outcome.failure === 'malformed')) {
      this.#fetchSingle(passenger);
    } else passenger.settle(isFetchFailure(outcome) ? Promise.reject(outcome) : Promise.resolve(outcome));
  }

  /**
   * Trouble that one secret would have met too is everybody's. Anything else may be about one of them, or about the action, and
   * does not say about which.
   */
  #rejectBatch(passengers: readonly BatchItem[], error: FetchFailure): void {
    if (unsupportedCodes.has(error.code ?? '')) this.#isUnsupported = true;
    const isShared = failures[error.failure].retry || error.failure === 'untrusted';
    for (const passenger of passengers) {
      if (passenger.isCancelled) continue;
      if (isShared) passenger.settle(Promise.reject(error));
      else this.#fetchSingle(passenger);
    }
  }
}

/** What throws at once rejects like what fails later: here nobody is left to catch it. */
async function startFetch(fetch: () => Promise<Secret>): Promise<Secret> {
  return fetch();
}

/** A batch goes on as long as somebody waits for it. */
function abortWhenAllCancelled(passengers: readonly BatchItem[]): AbortSignal {
  const everybody = new AbortController();
  let left = passengers.length;
  for (const { signal } of passengers) {
    onAbort(signal, () => {
      left -= 1;
      if (left === 0) everybody.abort(signal.reason);
    });
  }
  return everybody.signal;
}
