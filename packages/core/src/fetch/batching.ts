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
const mostSecrets = 20;
/** All names go into the URL of one request, percent-encoded: 20 long ones would be more than servers take there. */
const mostCharacters = 2_000;
/** Milliseconds that the first waits for the others: they begin in one turn of the event loop, or close to it. */
const gatherFor = 2;

/** What an endpoint that does not know the action answers. */
const unknownAction: ReadonlySet<string> = new Set(['InvalidAction.NotFound', 'InvalidApi.NotFound']);

/** Whether fetches go together: only while work is done that begins many of them, since each waits for the others. */
export class Batches {
  readonly #clock: Clock;
  readonly #isOn: boolean;
  #running = 0;

  constructor({ clock, isOn }: { readonly clock: Clock; readonly isOn: boolean }) {
    this.#clock = clock;
    this.#isOn = isOn;
  }

  /** Fetches that begin while `work` goes on may go together. */
  async during<Value>(work: () => Promise<Value>): Promise<Value> {
    this.#running += 1;
    try {
      return await work();
    } finally {
      this.#running -= 1;
    }
  }

  /** The transport as it is to be used; itself, if it can fetch one secret at a time only. */
  over(transport: SecretTransport): SecretTransport {
    const fetchMany = transport.fetchMany?.bind(transport);
    if (!this.#isOn || fetchMany === undefined) return transport;
    const gathering = new Gathering({ clock: this.#clock, fetch: transport.fetch.bind(transport), fetchMany });
    return {
      endpoint: transport.endpoint,
      fetch: (request, signal) =>
        this.#running > 0 ? gathering.fetch(request, signal) : transport.fetch(request, signal),
      connectTime: async (signal) => transport.connectTime?.(signal),
      close: () => transport.close(),
    };
  }
}

interface GatheringParts extends Required<Pick<SecretTransport, 'fetch' | 'fetchMany'>> {
  readonly clock: Clock;
}

/** One fetch that goes with others. Once it is over, nothing changes what came of it. */
interface Passenger {
  readonly request: SecretRequest;
  readonly signal: AbortSignal;
  readonly settle: (outcome: Promise<Secret>) => void;
  isGone: boolean;
}

/** The fetches at one endpoint that wait to go together. */
class Gathering {
  readonly #parts: GatheringParts;
  #waiting: Passenger[] = [];
  #callOff: (() => void) | undefined;
  /** The endpoint has said that it does not know how: it is not asked again. */
  #isUnknown = false;

  constructor(parts: GatheringParts) {
    this.#parts = parts;
  }

  fetch(request: SecretRequest, signal: AbortSignal): Promise<Secret> {
    if (this.#isUnknown || signal.aborted) return this.#parts.fetch(request, signal);
    if (!this.#hasRoomFor(request)) this.#send();
    return new Promise((resolve, reject) => {
      const passenger: Passenger = {
        request,
        signal,
        isGone: false,
        settle(outcome) {
          forget();
          outcome.then(resolve, reject);
        },
      };
      const forget = onAbort(signal, () => {
        passenger.isGone = true;
        reject(signal.reason as Error); // the caller's own
        if (this.#waiting.every(({ isGone }) => isGone)) this.#send();
      });
      this.#waiting.push(passenger);
      if (this.#waiting.length === mostSecrets) this.#send();
      else this.#callOff ??= this.#parts.clock.setTimer(gatherFor, () => this.#send());
    });
  }

  /** Two stages of one secret do not go together: KMS wants different secrets. */
  #hasRoomFor({ name }: SecretRequest): boolean {
    const names = this.#waiting.map(({ request }) => request.name);
    const characters = names.reduce((sum, one) => sum + one.length, name.length);
    return characters <= mostCharacters && !names.some((one) => plainName(one) === plainName(name));
  }

  #send(): void {
    this.#callOff?.();
    this.#callOff = undefined;
    const passengers = this.#waiting.filter(({ isGone }) => !isGone);
    this.#waiting = [];
    const [first, ...others] = passengers;
    if (first !== undefined && others.length === 0) this.#fetchAlone(first);
    else if (first !== undefined) void this.#fetchTogether(passengers);
  }

  #fetchAlone({ request, signal, settle }: Passenger): void {
    settle(startedBy(() => this.#parts.fetch(request, signal)));
  }

  async #fetchTogether(passengers: readonly Passenger[]): Promise<void> {
    try {
      const requests = passengers.map(({ request }) => request);
      const outcomes = await this.#parts.fetchMany(requests, untilAllAreGone(passengers));
      // A copy: it throws for something else than a list, before anybody has got anything.
      const each = [...outcomes];
      for (const [index, passenger] of passengers.entries()) this.#settle(passenger, each[index]);
    } catch (error) {
      this.#refusedTogether(passengers, asFetchFailure(error));
    }
  }

  #settle(passenger: Passenger, outcome: Secret | FetchFailure | undefined): void {
    if (passenger.isGone) return;
    if (outcome === undefined || (isFetchFailure(outcome) && outcome.failure === 'malformed')) {
      this.#fetchAlone(passenger);
    } else passenger.settle(isFetchFailure(outcome) ? Promise.reject(outcome) : Promise.resolve(outcome));
  }

  /**
   * Trouble that one secret would have met too is everybody's. Anything else may be about one of them, or about the action, and
   * does not say about which.
   */
  #refusedTogether(passengers: readonly Passenger[], error: FetchFailure): void {
    if (unknownAction.has(error.code ?? '')) this.#isUnknown = true;
    const isShared = failures[error.failure].retry || error.failure === 'untrusted';
    for (const passenger of passengers) {
      if (passenger.isGone) continue;
      if (isShared) passenger.settle(Promise.reject(error));
      else this.#fetchAlone(passenger);
    }
  }
}

/** What throws at once rejects like what fails later: here nobody is left to catch it. */
async function startedBy(fetch: () => Promise<Secret>): Promise<Secret> {
  return fetch();
}

/** A batch goes on as long as somebody waits for it. */
function untilAllAreGone(passengers: readonly Passenger[]): AbortSignal {
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
