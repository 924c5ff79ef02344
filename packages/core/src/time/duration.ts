/**
 * A length of time: milliseconds, or a number with a unit (`'500ms'`, `'90s'`, `'15m'`, `'24h'`, `'7d'`). Any string is accepted
 * by the compiler, so that a value of the environment can be passed on; it is checked when the client is created.
 */
export type Duration = number | `${number}${'ms' | 's' | 'm' | 'h' | 'd'}` | (string & {});

const unitMilliseconds: ReadonlyMap<string, number> = new Map([
  ['', 1],
  ['ms', 1],
  ['s', 1_000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
]);

/** Converts a `Duration` to milliseconds. Returns `NaN` for a string that is not a duration. */
export function milliseconds(duration: string | number): number {
  if (typeof duration === 'number') return duration;
  const match = /^\s*(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|)\s*$/u.exec(duration);
  return match === null ? Number.NaN : Number(match[1]) * (unitMilliseconds.get(match[2] ?? '') ?? Number.NaN);
}

/** Formats milliseconds as a user would write the option, in the largest unit that divides them: 900000 is `15m`. */
export function formatDuration(ms: number): string {
  for (const [unit, size] of [...unitMilliseconds].toReversed()) {
    if (unit !== '' && ms >= size && ms % size === 0) return `${ms / size}${unit}`;
  }
  return `${Math.round(ms)}ms`;
}

const units: readonly (readonly [name: string, size: number])[] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
];

/** Formats milliseconds for a log line or message, in its two largest units: 4337912 is `1 h 12 min`. */
export function describeDuration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  const largest = units.findIndex(([, size]) => ms >= size);
  let rest = ms;
  const parts: string[] = [];
  for (const [name, size] of units.slice(largest, largest + 2)) {
    const count = Math.floor(rest / size);
    if (count > 0) parts.push(`${count} ${name}`);
    rest -= count * size;
  }
  return parts.join(' ');
}
