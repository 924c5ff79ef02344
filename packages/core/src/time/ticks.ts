declare const unit: unique symbol;

/**
 * Whole ticks since the start of a clock. Every secret in memory keeps its times in ticks, and every read compares them.
 *
 * V8 keeps an integer below 2^31 in the field of an object; a larger one is an object of its own. Milliseconds exceed that after 24.8
 * days of uptime, ticks after 3.4 years.
 */
export type Ticks = number & { readonly [unit]: 'ticks' };

/** The length of a tick (ms). It divides a second, so that times in whole seconds stay exact. */
export const tickLength = 50;

/** The tick that contains `ms`, the clock's `now`. */
export function ticksOf(ms: number): Ticks {
  return Math.floor(ms / tickLength) as Ticks; // whole ticks
}

/** The first tick that starts at `ms`, the clock's `now`, or later. */
export function firstTickFrom(ms: number): Ticks {
  return Math.ceil(ms / tickLength) as Ticks; // whole ticks
}

/** The start of a tick, as the clock's `now`. */
export function startOfTick(ticks: Ticks): number {
  return ticks * tickLength;
}

/** A clock that counts ticks. */
export interface TickClock {
  /** The tick of `Clock.cachedNow`. */
  cachedTicks(): Ticks;
}

/** Returns `clock` if it counts ticks itself; otherwise a clock that converts its time on every call. */
export function tickClockOf(clock: { cachedNow(): number } | TickClock): TickClock {
  return 'cachedTicks' in clock ? clock : { cachedTicks: () => ticksOf(clock.cachedNow()) };
}
