/**
 * A refresh starts before the TTL ends, by a random share of the TTL between these two. The spread prevents a fleet that started
 * at the same moment from refreshing at the same moment; the minimum leaves time for the fetch.
 */
const minLead = 0.02;
const maxLead = 0.1;

/** KMS rotates a few seconds after the announced date at the latest (ms). */
const rotationGrace = 5_000;

/** The backoff after failed refreshes (ms) doubles up to the maximum. */
const initialRetryDelay = 1_000;
const maxRetryDelay = 30_000;

export interface RefreshDelayInput {
  /** Milliseconds. */
  readonly ttl: number;
  /** Milliseconds since the fetch started. */
  readonly age: number;
  /** Milliseconds until KMS rotates the secret, if KMS announced a date. Negative: the date has passed, and this is the old version. */
  readonly rotatesIn: number | undefined;
  /** In [0, 1). */
  readonly random: number;
}

/** Milliseconds until a secret that was just fetched is fetched again. */
export function refreshDelay({ ttl, age, rotatesIn, random }: RefreshDelayInput): number {
  const lead = minLead + (maxLead - minLead) * random;
  const byAge = Math.max(ttl * (1 - lead) - age, 0);
  // An invalid date (NaN) counts as none.
  if (rotatesIn === undefined || Number.isNaN(rotatesIn)) return byAge;
  return Math.min(byAge, rotationDelay(rotatesIn, random));
}

/**
 * Milliseconds until the refresh for an announced rotation. While KMS is late, the delay doubles with each refresh: it equals the time
 * since the announced date. The client sees a rotation that is five minutes late at most about five minutes after it.
 */
function rotationDelay(rotatesIn: number, random: number): number {
  if (rotatesIn > 0) return rotatesIn + rotationGrace * (1 + random);
  // The spread prevents a fleet from refreshing at the same moment.
  return Math.max(rotationGrace, -rotatesIn) * (0.9 + 0.2 * random);
}

/** Milliseconds until the next refresh after consecutive failures: exponential backoff with equal jitter. */
export function retryDelay(failures: number, random: number): number {
  const bound = Math.min(maxRetryDelay, initialRetryDelay * 2 ** Math.min(failures - 1, 30));
  return bound * (0.5 + 0.5 * random);
}
