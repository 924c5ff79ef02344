import type { Clock } from '../time/clock.ts';
import type { Endpoint } from './endpoint.ts';
import type { Latency } from './latency.ts';
import { TokenBucket } from './token-bucket.ts';
import type { Priority } from './priority.ts';

/** Bounds of the hedge delay (ms). A shorter one reacts to noise; after a longer one the reader has waited too long. */
const minDelay = 50;
const maxDelay = 1_000;
/** Upper bound (ms) while an endpoint has too few samples. A connection across a continent takes less. */
const maxInitialDelay = 500;
/** Hedges in a burst, however few fetches preceded it. */
const minBurst = 10;

export interface HedgingParts {
  readonly clock: Clock;
  /** Milliseconds; `undefined`: derived from the latency of the endpoint. */
  readonly delay: number | undefined;
  /** Upper bound of hedges, as a share of all fetches. */
  readonly share: number;
  /** Consecutive lost hedges that open a breaker: the budget allows a burst of as many. */
  readonly breakerFailures: number;
  readonly attemptTimeout: number;
}

/** The delay before a hedge, and the budget for hedges. */
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
    this.#budget = new TokenBucket(Math.max(minBurst, breakerFailures));
  }

  /** Milliseconds after which a probe counts as slow. The maximum, because a probe may need a new connection. */
  get slowProbeThreshold(): number {
    return Math.max(this.#delay ?? 0, maxDelay);
  }

  /** Called once per fetch. */
  deposit(): void {
    this.#budget.add(this.#share);
  }

  tryWithdraw(): boolean {
    return this.#budget.take();
  }

  /** Milliseconds before a hedge to another endpoint, from the latency of this one. */
  delayFor({ p95, estimate = maxInitialDelay }: Pick<Latency, 'p95' | 'estimate'>): number {
    return this.#delay ?? Math.min(Math.max(p95 ?? Math.min(estimate, maxInitialDelay), minDelay), this.#maxDelay);
  }
}

/**
 * `fired` resolves when an attempt is slow, a reader waits for it, and the budget allows a hedge. It also resolves, at no cost
 * to the budget, when the breaker of the endpoint opens: the next request is then a failover.
 */
export class HedgeTimer {
  readonly fired: Promise<'slow'>;
  readonly #cleanups: (() => void)[] = [];

  constructor(endpoint: Endpoint, priority: Priority, hedging: Hedging) {
    const { clock } = hedging;
    let isLate = false;
    this.fired = new Promise((resolve) => {
      const hedge = (): void => {
        if (isLate && priority.isForeground && hedging.tryWithdraw()) this.#fire(resolve);
      };
      const ms = hedging.delayFor(endpoint.latency);
      this.#cleanups.push(
        clock.setUnrefTimer(ms, () => {
          isLate = true;
          hedge();
        }),
        priority.onForeground(hedge),
        endpoint.onBreakerOpen(() => this.#fire(resolve)),
      );
    });
  }

  clear(): void {
    for (const cleanup of this.#cleanups) cleanup();
    this.#cleanups.length = 0;
  }

  #fire(resolve: (event: 'slow') => void): void {
    this.clear();
    resolve('slow');
  }
}
