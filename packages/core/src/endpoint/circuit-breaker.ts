import type { Clock } from '../time/clock.ts';
import { FailureWindow } from './failure-window.ts';

/**
 * `closed`: asked like any other. `open`: left alone until `probeAt`. `half-open`: one request is on its way to find out.
 * `openings` counts how often it has opened since it was closed: each time it stays open longer.
 */
export type BreakerState =
  | { readonly kind: 'closed' }
  | { readonly kind: 'open'; readonly openings: number; readonly probeAt: number }
  | { readonly kind: 'half-open'; readonly openings: number };

export interface BreakerSettings {
  /** So many failures one after the other open it. */
  readonly failures: number;
  /** So large a share of failures opens it too, if there were `minCalls` calls within `window` milliseconds. */
  readonly rate: number;
  readonly minCalls: number;
  readonly window: number;
  /** Milliseconds that it stays open the first time; doubled each time after it, up to the cap. */
  readonly openTime: number;
  readonly openTimeCap: number;
}

/**
 * Remembers whether an endpoint is worth asking. It asks nobody and waits for nothing: who wants to ask looks at `state`.
 *
 * An answer closes it whenever it comes: what has just answered is not down, whoever asked it and why.
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

  /** Whether an open one may be asked again to see how it is. */
  get isProbeDue(): boolean {
    return this.#state.kind === 'open' && this.#clock.now() >= this.#state.probeAt;
  }

  /** From now on one request is on its way to find out; everybody else goes on leaving the endpoint alone. */
  startProbe(): void {
    if (this.#state.kind === 'open') this.#transition({ kind: 'half-open', openings: this.#state.openings });
  }

  /** The probe was called off before it could tell anything: another may be made at once. */
  abandonProbe(): void {
    if (this.#state.kind !== 'half-open') return;
    this.#transition({ kind: 'open', openings: this.#state.openings, probeAt: this.#clock.now() });
  }

  succeeded(): void {
    this.#consecutiveFailures = 0;
    this.#window.add('succeeded');
    if (this.#state.kind === 'closed') return;
    // What went before is no reason to open it again.
    this.#window.clear();
    this.#transition({ kind: 'closed' });
  }

  failed(): void {
    this.#window.add('failed');
    this.#countFailure();
  }

  /** It did not fail, but was so slow that another was asked too and answered first. One after the other, that is as bad. */
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
        // Asked although it is open, because nobody else was left: its failure is no news.
        return;
      default:
        this.#state satisfies never;
    }
  }

  #isRateReached(): boolean {
    const { calls, failures } = this.#window.totals;
    return calls >= this.#settings.minCalls && failures / calls >= this.#settings.rate;
  }

  /** Between half and all of the time: clients that lost the same endpoint at the same moment do not come back as one. */
  #open(openings: number): void {
    const { openTime, openTimeCap } = this.#settings;
    const longest = Math.min(openTimeCap, openTime * 2 ** (openings - 1));
    const probeAt = this.#clock.now() + longest * (0.5 + this.#clock.random() / 2);
    this.#transition({ kind: 'open', openings, probeAt });
  }

  #transition(state: BreakerState): void {
    this.#state = state;
    this.#onChange(state);
  }
}
