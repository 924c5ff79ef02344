/** A fleet that started together must not ask together: a refresh comes up to this share of the TTL early. */
const jitter = 0.1;

/** KMS rotates at the moment it names, or a little after it. */
const rotationGrace = 5_000;

/** The waits after failed refreshes: short enough that the end of an outage is noticed, long enough not to prolong it. */
const firstWait = 1_000;
const longestWait = 30_000;

/** Milliseconds until a secret that has just been fetched is fetched again. */
export function refreshIn(parts: {
  readonly ttl: number;
  /** Milliseconds until KMS rotates it, if it told. */
  readonly rotatesIn: number | undefined;
  readonly random: number;
}): number {
  const { ttl, rotatesIn, random } = parts;
  const byAge = ttl * (1 - jitter * random);
  if (rotatesIn === undefined || rotatesIn <= 0) return byAge;
  return Math.min(byAge, rotatesIn + rotationGrace * (1 + random));
}

/** Milliseconds until the next try after `failures` failed ones: doubled each time, half of it drawn at random. */
export function retryIn(failures: number, random: number): number {
  const bound = Math.min(longestWait, firstWait * 2 ** Math.min(failures - 1, 30));
  return bound * (0.5 + 0.5 * random);
}
