/** Milliseconds to wait after attempt number `attempt`, for a `random` in [0, 1); `undefined` after the last attempt. */
export type Backoff = (attempt: number, random: number) => number | undefined;

/**
 * Exponential backoff with full jitter: a wait between zero and a bound that doubles with each attempt, up to `cap`. Clients
 * that fail at the same moment retry spread over the whole wait, not in waves.
 */
export function fullJitter(options: {
  readonly base: number;
  readonly cap: number;
  readonly maxAttempts: number;
}): Backoff {
  const { base, cap, maxAttempts } = options;
  return (attempt, random) => (attempt >= maxAttempts ? undefined : random * Math.min(cap, base * 2 ** (attempt - 1)));
}
