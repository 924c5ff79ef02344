import type { Clock } from '../time/clock.ts';
import { RunningTimer } from '../time/running-timer.ts';
import type { Endpoint } from './endpoint.ts';
import type { Latency } from './latency.ts';
import { TokenBucket } from './token-bucket.ts';
import type { Priority } from './priority.ts';

/** Bounds of the hedge delay (ms). A shorter delay reacts to noise; with a longer one, a reader waits too long. */
const minDelay = 50;
const maxDelay = 1_000;
/** Upper bound (ms) of the hedge delay while an endpoint has too few samples. A connection across a continent takes less. */
const maxInitialDelay = 500;
/** The minimum number of hedges in a burst, even after few fetches. */
const minBurst = 10;

export interface HedgingParts {
  readonly clock: Clock;
  /** Milliseconds. Default: derived from the latency of the endpoint. */
  readonly delay: number | undefined;
  /** The maximum share of fetches that may be hedged. */
  readonly share: number;
  /** Consecutive lost hedges that open a breaker. The budget allows a burst of as many. */
  readonly breakerFailures: number;
  /** Milliseconds. */
  readonly attemptTimeout: number;
}

/** The delay before a hedge, and the budget for hedges: a token bucket that each fetch adds a share of a token to. */
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

  /** Milliseconds after which a probe counts as slow. As long as the longest hedge delay: a probe may need a new connection. */
  get slowProbeThreshold(): number {
    return Math.max(this.#delay ?? 0, maxDelay);
  }

  /** Adds the share of one fetch to the budget. Called once per fetch. */
  deposit(): void {
    this.#budget.add(this.#share);
  }

  /** Takes one hedge from the budget. Returns whether the budget allows it. */
  tryWithdraw(): boolean {
    return this.#budget.take();
  }

  /** Milliseconds to wait for an endpoint with this latency before a hedge. */
  delayFor({ p95, estimate = maxInitialDelay }: Pick<Latency, 'p95' | 'estimate'>): number {
    return this.#delay ?? Math.min(Math.max(p95 ?? Math.min(estimate, maxInitialDelay), minDelay), this.#maxDelay);
  }
}

/**
 * `fired` resolves when an attempt is slow, a reader waits for it, and the budget allows a hedge. It also resolves when the
 * breaker of the endpoint opens: the next request is then a failover, and takes nothing from the budget.
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
      const timer = new RunningTimer({ clock }, hedging.delayFor(endpoint.latency), () => {
        isLate = true;
        hedge();
      });
      const promotion = priority.onForeground(hedge);
      this.#cleanups.push(
        () => timer.clear(),
        () => promotion.remove(),
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
