/** What the fake needs of a clock: the calendar, in milliseconds since 1970. */
export interface CalendarClock {
  date(): number;
}

/** A clock that a test can set or push ahead; it goes on running from there. */
export interface SettableClock extends CalendarClock {
  set(ms: number): void;
  pass(ms: number): void;
}

/** The fake's own clock: starts at the machine's time and runs, as that of a real server would. */
export function createSettableClock(): SettableClock {
  let offset = 0;
  return {
    date: () => Date.now() + offset,
    set(ms) {
      offset = ms - Date.now();
    },
    pass(ms) {
      offset += ms;
    },
  };
}

/** A clock that belongs to somebody else: it can be read here, and only its owner can move it. */
export function borrowClock(owner: CalendarClock): SettableClock {
  const refuse = (): never => {
    throw new Error('This fake KMS was started with a clock of yours: move that one.');
  };
  return { date: () => owner.date(), set: refuse, pass: refuse };
}

/** The form KMS uses for every date: UTC, whole seconds, `2026-01-02T03:04:05Z`. */
export function formatDate(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

/** Milliseconds of a date in exactly that form; `undefined` for another form or a day that does not exist. */
export function parseDate(text: string): number | undefined {
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/.test(text)) return undefined;
  const ms = Date.parse(text);
  // Date.parse rolls the 30th of February over into March, so the date must come back as it went in.
  return Number.isNaN(ms) || formatDate(ms) !== text ? undefined : ms;
}
