import type { Clock } from '../time/clock.ts';
import type { Endpoint } from './endpoint.ts';
import type { Latency } from './latency.ts';
import { TokenBucket } from './token-bucket.ts';
import type { Priority } from './priority.ts';

/** Milliseconds: under the least a hedge would answer to noise, over the most a reader has noticed long since. */
const minDelay = 50;
const maxDelay = 1_000;
/** The most that an endpoint is given of which little is known: a connection to the far end of a continent takes less. */
const defaultMaxDelay = 500;
/** So many hedges may come at once, however few fetches there were: more than it takes to open a breaker. */
const minBudget = 10;

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
  readonly #maxDelay: number;
  readonly #share: number;
  readonly #budget: TokenBucket;

  constructor({ clock, delay, share, breakerFailures, attemptTimeout }: HedgingParts) {
    this.clock = clock;
    this.#delay = delay;
    this.#maxDelay = Math.min(maxDelay, attemptTimeout / 2);
    this.#share = share;
    this.#budget = new TokenBucket(Math.max(minBudget, breakerFailures));
  }

  /** Milliseconds after which the answer to a probe counts as slow: it may need a new connection, so it is given the most. */
  get slowProbeThreshold(): number {
    return Math.max(this.#delay ?? 0, maxDelay);
  }

  /** Each fetch adds its share of a hedge to what may be spent. */
  deposit(): void {
    this.#budget.add(this.#share);
  }

  tryWithdraw(): boolean {
    return this.#budget.take();
  }

  /** Milliseconds that an endpoint has before another is asked too: what its own recent answers may well take. */
  delayFor({ p95, estimate = defaultMaxDelay }: Pick<Latency, 'p95' | 'estimate'>): number {
    return this.#delay ?? Math.min(Math.max(p95 ?? Math.min(estimate, defaultMaxDelay), minDelay), this.#maxDelay);
  }
}

/**
 * Waits for one attempt to become slow; `over` resolves then, and only if another endpoint may be asked: a reader waits, and
 * there is budget for it. At once, and at no cost, if the breaker of its endpoint opens meanwhile: then the other is asked
 * not to be quicker but because this one is down.
 */
export class HedgeTimer {
  readonly fired: Promise<'slow'>;
  readonly #cleanups: (() => void)[] = [];

  constructor(endpoint: Endpoint, urgency: Priority, hedging: Hedging) {
    const { clock } = hedging;
    let isLate = false;
    this.fired = new Promise((resolve) => {
      const hedge = (): void => {
        if (isLate && urgency.isForeground && hedging.tryWithdraw()) this.#fire(resolve);
      };
      const ms = hedging.delayFor(endpoint.latency);
      this.#cleanups.push(
        clock.setUnrefTimer(ms, () => {
          isLate = true;
          hedge();
        }),
        urgency.onForeground(hedge),
        endpoint.onBreakerOpen(() => this.#fire(resolve)),
      );
    });
  }

  clear(): void {
    for (const end of this.#cleanups) end();
    this.#cleanups.length = 0;
  }

  #fire(resolve: (why: 'slow') => void): void {
    this.clear();
    resolve('slow');
  }
}
