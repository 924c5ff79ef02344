import type { Clock } from '../time/clock.ts';
import type { Endpoint } from './endpoint.ts';
import type { Latency } from './latency.ts';
import { TokenBucket } from './token-bucket.ts';
import type { Urgency } from './priority.ts';

/** Milliseconds: under the least a hedge would answer to noise, over the most a reader has noticed long since. */
const least = 50;
const most = 1_000;
/** The most that an endpoint is given of which little is known: a connection to the far end of a continent takes less. */
const unknown = 500;
/** So many hedges may come at once, however few fetches there were: more than it takes to open a breaker. */
const burst = 10;

export interface HedgingParts {
  readonly clock: Clock;
  /** Milliseconds; without it, what the endpoint itself is used to. */
  readonly delay: number | undefined;
  /** The most hedges, as a share of all fetches. */
  readonly share: number;
  /** So many hedges, lost one after the other, take an endpoint out of the way. */
  readonly breakerFailures: number;
  readonly attemptTimeout: number;
}

/** When a second endpoint is asked although the first has not failed, and how often that may be. */
export class Hedging {
  readonly clock: Clock;
  readonly #delay: number | undefined;
  readonly #most: number;
  readonly #share: number;
  readonly #budget: TokenBucket;

  constructor({ clock, delay, share, breakerFailures, attemptTimeout }: HedgingParts) {
    this.clock = clock;
    this.#delay = delay;
    this.#most = Math.min(most, attemptTimeout / 2);
    this.#share = share;
    this.#budget = new TokenBucket(Math.max(burst, breakerFailures));
  }

  /** Milliseconds after which the answer to a probe counts as slow: it may need a new connection, so it is given the most. */
  get slowProbe(): number {
    return Math.max(this.#delay ?? 0, most);
  }

  /** Each fetch adds its share of a hedge to what may be spent. */
  earn(): void {
    this.#budget.add(this.#share);
  }

  spend(): boolean {
    return this.#budget.take();
  }

  /** Milliseconds that an endpoint has before another is asked too: what its own recent answers may well take. */
  delayFor({ p95, guess = unknown }: Pick<Latency, 'p95' | 'guess'>): number {
    return this.#delay ?? Math.min(Math.max(p95 ?? Math.min(guess, unknown), least), this.#most);
  }
}

/**
 * Waits for one attempt to become slow; `over` resolves then, and only if another endpoint may be asked: a reader waits, and
 * there is budget for it. At once, and at no cost, if the breaker of its endpoint opens meanwhile: then the other is asked
 * not to be quicker but because this one is down.
 */
export class Patience {
  readonly over: Promise<'slow'>;
  readonly #ends: (() => void)[] = [];

  constructor(endpoint: Endpoint, urgency: Urgency, hedging: Hedging) {
    const { clock } = hedging;
    let isLate = false;
    this.over = new Promise((resolve) => {
      const hedge = (): void => {
        if (isLate && urgency.isAwaited && hedging.spend()) this.#finish(resolve);
      };
      const ms = hedging.delayFor(endpoint.latency);
      this.#ends.push(
        clock.setUnrefTimer(ms, () => {
          isLate = true;
          hedge();
        }),
        urgency.onAwaited(hedge),
        endpoint.onBreakerOpen(() => this.#finish(resolve)),
      );
    });
  }

  lift(): void {
    for (const end of this.#ends) end();
    this.#ends.length = 0;
  }

  #finish(resolve: (why: 'slow') => void): void {
    this.lift();
    resolve('slow');
  }
}
