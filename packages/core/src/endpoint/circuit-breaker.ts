import type { Clock } from '../time/clock.ts';
import { RollingCount } from './rolling-count.ts';

/**
 * `closed`: requests are allowed. `open`: no requests until `probeAt`, which is the clock's `now`. `half-open`: a probe is in
 * flight. `openings` counts how often the breaker has opened since it was last closed; it stays open longer each time.
 */
export type BreakerState =
  | { readonly kind: 'closed' }
  | { readonly kind: 'open'; readonly openings: number; readonly probeAt: number }
  | { readonly kind: 'half-open'; readonly openings: number };

/** When the breaker opens, and for how long. */
export interface BreakerSettings {
  /** Consecutive failures that open the breaker. */
  readonly failures: number;
  /** The share of failed calls within `window` that opens the breaker too. */
  readonly failureRate: number;
  /** The minimum number of calls within `window` before `failureRate` applies. */
  readonly minCalls: number;
  /** Milliseconds. */
  readonly window: number;
  /** Milliseconds of the first opening. Doubles with each further opening, up to `maxOpenTime`. */
  readonly openTime: number;
  /** Milliseconds. */
  readonly maxOpenTime: number;
}

/**
 * The circuit breaker of one endpoint. It has no timer and sends no request: the failover reads `state` and `isProbeDue`.
 *
 * The success of any request closes it, not only that of a probe: an endpoint that has just responded is not down.
 */
export class CircuitBreaker {
  readonly #clock: Clock;
  readonly #settings: BreakerSettings;
  readonly #onChange: (state: BreakerState) => void;
  /** In the window of the failure rate, which is accurate to a tenth. */
  readonly #calls: RollingCount;
  readonly #failures: RollingCount;
  #state: BreakerState = { kind: 'closed' };
  #consecutiveFailures = 0;

  constructor(parts: {
    readonly clock: Clock;
    readonly settings: BreakerSettings;
    readonly onChange: (state: BreakerState) => void;
  }) {
    this.#clock = parts.clock;
    this.#settings = parts.settings;
    this.#onChange = parts.onChange;
    const window = { slices: 10, sliceLength: parts.settings.window / 10 };
    this.#calls = new RollingCount(parts.clock, window);
    this.#failures = new RollingCount(parts.clock, window);
  }

  get state(): BreakerState {
    return this.#state;
  }

  /** Whether the breaker is open and its next probe may be sent. */
  get isProbeDue(): boolean {
    return this.#state.kind === 'open' && this.#clock.now() >= this.#state.probeAt;
  }

  startProbe(): void {
    if (this.#state.kind === 'open') this.#transition({ kind: 'half-open', openings: this.#state.openings });
  }

  /** The probe was cancelled before it had a result: the next one is due at once. */
  abandonProbe(): void {
    if (this.#state.kind !== 'half-open') return;
    this.#transition({ kind: 'open', openings: this.#state.openings, probeAt: this.#clock.now() });
  }

  succeeded(): void {
    this.#consecutiveFailures = 0;
    this.#calls.add();
    if (this.#state.kind === 'closed') return;
    // Failures before the recovery must not open it again.
    this.#calls.clear();
    this.#failures.clear();
    this.#transition({ kind: 'closed' });
  }

  failed(): void {
    this.#calls.add();
    this.#failures.add();
    this.#countFailure();
  }

  /** The endpoint lost a hedge, or was slow to respond to a probe. Counts as a consecutive failure, not in the failure rate. */
  tooSlow(): void {
    this.#countFailure();
  }

  #countFailure(): void {
    this.#consecutiveFailures += 1;
    switch (this.#state.kind) {
      case 'closed':
        if (this.#consecutiveFailures >= this.#settings.failures || this.#isRateReached()) this.#open(1);
        return;
      case 'half-open':
        this.#open(this.#state.openings + 1);
        return;
      case 'open':
        // The request was sent because no other endpoint was left. Its failure changes nothing.
        return;
      default:
        this.#state satisfies never;
    }
  }

  #isRateReached(): boolean {
    const calls = this.#calls.total;
    return calls >= this.#settings.minCalls && this.#failures.total / calls >= this.#settings.failureRate;
  }

  /** Waits a random time between half and all of the open time, so that the clients of a fleet do not probe at the same moment. */
  #open(openings: number): void {
    const { openTime, maxOpenTime } = this.#settings;
    const maxWait = Math.min(maxOpenTime, openTime * 2 ** (openings - 1));
    const probeAt = this.#clock.now() + maxWait * (0.5 + this.#clock.random() / 2);
    this.#transition({ kind: 'open', openings, probeAt });
  }

  #transition(state: BreakerState): void {
    this.#state = state;
    this.#onChange(state);
  }
}
