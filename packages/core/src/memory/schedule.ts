/**
 * A refresh happens before the TTL ends, by a random share of it: at least a fifth of `jitter` and at most all of it. The
 * spread keeps a fleet that started together from sending its requests together; the minimum leaves time for the fetch.
 */
const jitter = 0.1;
const minJitterShare = 0.2;

/** KMS rotates at the announced date or a few seconds after it (ms). */
const rotationGrace = 5_000;

/** Backoff after failed refreshes (ms): doubles up to the maximum. */
const initialRetryDelay = 1_000;
const maxRetryDelay = 30_000;

export interface RefreshDelayInput {
  readonly ttl: number;
  /** Milliseconds since the fetch started. */
  readonly age: number;
  /** Milliseconds until KMS rotates the secret, if KMS announced a date. */
  readonly rotatesIn: number | undefined;
  readonly random: number;
}

/** Milliseconds until a secret that was just fetched is fetched again. */
export function refreshDelay({ ttl, age, rotatesIn, random }: RefreshDelayInput): number {
  const share = jitter * (minJitterShare + (1 - minJitterShare) * random);
  const byAge = Math.max(ttl * (1 - share) - age, 0);
  // Written so that an invalid date (NaN) counts as none.
  if (rotatesIn === undefined || !(rotatesIn > 0)) return byAge;
  return Math.min(byAge, rotatesIn + rotationGrace * (1 + random));
}

/** Milliseconds until the next refresh after consecutive failures: exponential backoff with equal jitter. */
export function retryDelay(failures: number, random: number): number {
  const bound = Math.min(maxRetryDelay, initialRetryDelay * 2 ** Math.min(failures - 1, 30));
  return bound * (0.5 + 0.5 * random);
}
