// Who may ask an endpoint now: so many at the same time, so many a second, readers before background refreshes.

import { onAbort } from '../time/abort.ts';
import type { CancelSignal } from '../time/abort.ts';
import type { Clock } from '../time/clock.ts';
import { FetchFailure } from '../ports/transport.ts';
import { TokenBucket } from './token-bucket.ts';
import type { Urgency } from './priority.ts';

/** Who waits longer than this many others would hardly get a turn within its deadline. */
const mostQueued = 10_000;
/** Of what there is, background refreshes leave this share to readers: one that comes must not find all of it taken. */
const keptForReaders = 0.25;

export interface AdmissionParts {
  readonly clock: Clock;
  readonly maxInFlight: number;
  readonly maxPerSecond: number;
}

interface Ticket {
  readonly letIn: () => void;
}

/** The door of an endpoint. Who was let in must `leave`. */
export class Admission {
  readonly #clock: Clock;
  readonly #maxInFlight: number;
  readonly #maxPerSecond: number;
  /** Holds what a second brings: together with the refill, that is at most twice the rate in any one second. */
  readonly #bucket: TokenBucket;
  readonly #readers = new Set<Ticket>();
  readonly #refreshes = new Set<Ticket>();
  #inFlight = 0;
  #filledAt: number;
  #cancelTimer: (() => void) | undefined;

  constructor({ clock, maxInFlight, maxPerSecond }: AdmissionParts) {
    this.#clock = clock;
    this.#maxInFlight = maxInFlight;
    this.#maxPerSecond = maxPerSecond;
    this.#bucket = new TokenBucket(maxPerSecond);
    this.#filledAt = clock.cachedNow();
  }

  /** Those that wait for their turn. */
  get queued(): number {
    return this.#readers.size + this.#refreshes.size;
  }

  /**
   * Lets in at once, and returns nothing; or else returns a promise to wait for. That one rejects with the signal's own
   * reason when it fires, and with a `FetchFailure` if the queue is full.
   */
  enter(urgency: Urgency, signal: CancelSignal): Promise<void> | undefined {
    const isNext = this.#readers.size === 0 && (urgency.isAwaited || this.#refreshes.size === 0);
    if (isNext && this.#take(urgency.isAwaited)) return undefined;
    if (this.queued >= mostQueued) return Promise.reject(fullQueue());
    return this.#queue(urgency, signal);
  }

  leave(): void {
    this.#inFlight -= 1;
    this.#letIn();
  }

  #queue(urgency: Urgency, signal: CancelSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const ticket: Ticket = {
        letIn: () => {
          leaveQueue();
          resolve();
        },
      };
      const callOff = onAbort(signal, () => {
        leaveQueue();
        reject(signal.reason as Error);
        this.#letIn();
      });
      const leaveRefreshes = urgency.onAwaited(() => {
        if (this.#refreshes.delete(ticket)) this.#readers.add(ticket);
        this.#letIn();
      });
      const leaveQueue = (): void => {
        callOff();
        leaveRefreshes();
        this.#readers.delete(ticket);
        this.#refreshes.delete(ticket);
      };
      (urgency.isAwaited ? this.#readers : this.#refreshes).add(ticket);
      this.#letIn();
    });
  }

  /** Everybody whose turn it is; who is next after them is let in when there is something left for them. */
  #letIn(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    for (;;) {
      const isReader = this.#readers.size > 0;
      const [ticket] = isReader ? this.#readers : this.#refreshes;
      if (ticket === undefined) return;
      if (!this.#take(isReader)) {
        this.#waitForTokens(isReader);
        return;
      }
      ticket.letIn();
    }
  }

  #take(isReader: boolean): boolean {
    this.#refill();
    if (this.#inFlight >= this.#slots(isReader) || !this.#bucket.take(this.#spared(isReader))) return false;
    this.#inFlight += 1;
    return true;
  }

  #waitForTokens(isReader: boolean): void {
    const lacking = this.#bucket.lacks(this.#spared(isReader));
    // Then it is a slot that is missing, and whoever leaves looks again.
    if (lacking === 0) return;
    const ms = Math.max((lacking / this.#maxPerSecond) * 1_000, 1);
    this.#cancelTimer = this.#clock.setUnrefTimer(ms, () => this.#letIn());
  }

  #refill(): void {
    const now = this.#clock.cachedNow();
    this.#bucket.add(((now - this.#filledAt) / 1_000) * this.#maxPerSecond);
    this.#filledAt = now;
  }

  #slots(isReader: boolean): number {
    return isReader ? this.#maxInFlight : Math.max(Math.floor(this.#maxInFlight * (1 - keptForReaders)), 1);
  }

  /** Never so much that a refresh could not have its turn even from a full bucket. */
  #spared(isReader: boolean): number {
    return isReader ? 0 : Math.floor(this.#maxPerSecond * keptForReaders);
  }
}

function fullQueue(): FetchFailure {
  const message = `${mostQueued} requests wait for their turn already (maxRequestsPerEndpoint, maxRequestsPerSecond).`;
  return new FetchFailure('throttled', message);
}
