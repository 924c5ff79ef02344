import { milliseconds } from '@kms-secrets/core';
import type { Duration } from '@kms-secrets/core';

/** The calendar time in milliseconds since 1970. `FakeClock` implements this too. */
export interface CalendarClock {
  date(): number;
}

/** A running clock that a test can set or advance. */
export interface SettableClock extends CalendarClock {
  /** Sets the calendar time, in milliseconds since 1970. */
  set(ms: number): void;
  /** Advances the clock by a number of milliseconds, or a duration such as `16m`. */
  pass(duration: Duration): void;
}

/** The fake's own clock. Starts at the system time. */
export function createSettableClock(): SettableClock {
  let offset = 0;
  return {
    date: () => Date.now() + offset,
    set(ms) {
      offset = finiteTime(ms) - Date.now();
    },
    pass(duration) {
      const ms = milliseconds(duration);
      if (!Number.isFinite(ms)) {
        throw new TypeError('pass() expects a number of milliseconds or a duration such as 16m.');
      }
      offset += ms;
    },
  };
}

/** Wraps a clock of the caller. `set` and `pass` throw, because only the caller can move it. */
export function readOnlyClock(clock: CalendarClock): SettableClock {
  const reject = (): never => {
    throw new Error('This fake KMS was started with the option clock: set or advance that clock instead.');
  };
  return { date: () => finiteTime(clock.date(), 'The date of the option clock'), set: reject, pass: reject };
}

/** A time that is not a number would make every comparison false, so that nothing expires. */
export function finiteTime(ms: number, subject = 'The time of the clock'): number {
  if (typeof ms === 'number' && Number.isFinite(ms)) return ms;
  throw new TypeError(`${subject} must be a number of milliseconds since 1970.`);
}

/** The date format of KMS: UTC in whole seconds, `2026-01-02T03:04:05Z`. */
export function formatDate(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

/** Milliseconds since 1970 of a date in exactly that format. `undefined` for other formats and nonexistent days. */
export function parseDate(text: string): number | undefined {
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/.test(text)) return undefined;
  const ms = Date.parse(text);
  // Date.parse converts 30 February to a day in March. Formatting the result again detects this.
  return Number.isNaN(ms) || formatDate(ms) !== text ? undefined : ms;
}
