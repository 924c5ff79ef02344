/**
 * A fleet that started together must not ask together: a refresh comes by this share of the TTL early at the most, and by
 * a fifth of that at the least, which leaves time for the fetch itself.
 */
const jitter = 0.1;
const leastJitter = 0.2;

/** KMS rotates at the moment it names, or a little after it. */
const rotationGrace = 5_000;

/** The waits after failed refreshes: short enough that the end of an outage is noticed, long enough not to prolong it. */
const firstWait = 1_000;
const longestWait = 30_000;

/** Milliseconds until a secret that has just been fetched is fetched again. */
export function refreshIn(parts: {
  readonly ttl: number;
  /** Milliseconds that the fetch itself took. */
  readonly age: number;
  /** Milliseconds until KMS rotates it, if it told. */
  readonly rotatesIn: number | undefined;
  readonly random: number;
}): number {
  const { ttl, age, rotatesIn, random } = parts;
  const byAge = Math.max(ttl * (1 - jitter * (leastJitter + (1 - leastJitter) * random)) - age, 0);
  // Written so that a date that is none (NaN) counts as none.
  if (rotatesIn === undefined || !(rotatesIn > 0)) return byAge;
  return Math.min(byAge, rotatesIn + rotationGrace * (1 + random));
}

/** Milliseconds until the next try after `failures` failed ones: doubled each time, half of it drawn at random. */
export function retryIn(failures: number, random: number): number {
  const bound = Math.min(longestWait, firstWait * 2 ** Math.min(failures - 1, 30));
  return bound * (0.5 + 0.5 * random);
}
