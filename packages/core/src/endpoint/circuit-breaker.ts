import type { Clock } from '../time/clock.ts';
import { FailureWindow } from './failure-window.ts';

/**
 * `closed`: requests are allowed. `open`: no requests until `probeAt`. `half-open`: a probe is in flight. `openings` counts how
 * often the breaker has opened since it was closed; it stays open longer each time.
 */
export type BreakerState =
  | { readonly kind: 'closed' }
  | { readonly kind: 'open'; readonly openings: number; readonly probeAt: number }
  | { readonly kind: 'half-open'; readonly openings: number };

export interface BreakerSettings {
  /** Consecutive failures that open the breaker. */
  readonly failures: number;
  /** Share of failures that opens it too, with at least `minCalls` calls within `window` milliseconds. */
  readonly failureRate: number;
  readonly minCalls: number;
  readonly window: number;
  /** Milliseconds of the first opening; doubled with each further opening, up to `maxOpenTime`. */
  readonly openTime: number;
  readonly maxOpenTime: number;
}

/**
 * The circuit breaker of one endpoint. It has no timer and sends no request: the failover reads `state` and `isProbeDue`.
 *
 * A success closes it, whichever request it belongs to: an endpoint that has just responded is not down.
 */
export class CircuitBreaker {
  readonly #clock: Clock;
  readonly #settings: BreakerSettings;
  readonly #onChange: (state: BreakerState) => void;
  readonly #window: FailureWindow;
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
    this.#window = new FailureWindow(parts.clock, parts.settings.window);
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

  /** The probe was cancelled without a result: the next one is due at once. */
  abandonProbe(): void {
    if (this.#state.kind !== 'half-open') return;
    this.#transition({ kind: 'open', openings: this.#state.openings, probeAt: this.#clock.now() });
  }

  succeeded(): void {
    this.#consecutiveFailures = 0;
    this.#window.add('succeeded');
    if (this.#state.kind === 'closed') return;
    // Older failures must not open it again.
    this.#window.clear();
    this.#transition({ kind: 'closed' });
  }

  failed(): void {
    this.#window.add('failed');
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
        // The request was sent for want of another endpoint: its failure changes nothing.
        return;
      default:
        this.#state satisfies never;
    }
  }

  #isRateReached(): boolean {
    const { calls, failures } = this.#window.totals;
    return calls >= this.#settings.minCalls && failures / calls >= this.#settings.failureRate;
  }

  /** A random wait between half and all of the open time: the clients of a fleet do not probe at the same moment. */
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
