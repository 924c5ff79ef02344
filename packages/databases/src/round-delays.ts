/** The delay after the first round without a newer version (ms). It doubles with each round up to the maximum. */
const initialDelay = 1_000;
const maxDelay = 8_000;

/** The delays do not change if a search with the default delays needed at most this many rounds. */
const usualRounds = 2;

/** `LastRotationDate` of KMS has whole seconds (ms). */
const dateAccuracy = 1_000;

/** How much longer the next rotation may take than the last one (ms). */
const variation = 250;

/** A round that starts before this share of the patience leaves the time for another one. */
const shareOfPatience = 0.75;

/** A moment on both clocks: `Clock.now` and `Clock.date`. */
export interface Moment {
  readonly now: number;
  readonly date: number;
}

/** A search for a version that the database accepts. */
export interface EndedSearch {
  readonly since: Moment;
  /** When the search ended; the clock's `now`. */
  readonly endedAt: number;
  readonly rounds: number;
  /** When KMS rotated the secret to the version (ms since 1970); `undefined` unless KMS rotates the secret. */
  readonly rotatedAt: number | undefined;
}

/**
 * The delays between the rounds of a `LoginGate`.
 *
 * KMS takes about as long for each rotation of a secret that it manages. If that is longer than the usual delay, the second round waits
 * for the time of the last rotation: then two requests are enough. Rotations by hand take any time, and change nothing.
 */
export class RoundDelays {
  /** The delay after the first round (ms). */
  #second = initialDelay;
  #maxSecond = maxDelay;

  /** Connections that wait for `patience` (ms) must not fail before the second round. */
  limit(patience: number): void {
    this.#maxSecond = Math.min(this.#maxSecond, patience * shareOfPatience);
  }

  /** Milliseconds from a round to the next one. */
  after(rounds: number): number {
    if (rounds === 0) return 0;
    if (rounds === 1) return Math.max(initialDelay, Math.min(this.#second, this.#maxSecond));
    return Math.min(maxDelay, initialDelay * 2 ** (this.#isLearned ? rounds - 2 : rounds - 1));
  }

  learn({ since, endedAt, rounds, rotatedAt = Number.NaN }: EndedSearch): void {
    const isInTime = rounds <= usualRounds && !this.#isLearned;
    if (isInTime || !Number.isFinite(rotatedAt)) return;
    const duration = rotatedAt + dateAccuracy - since.date;
    // Otherwise the clocks of KMS and of this machine differ.
    const isPlausible = duration <= endedAt - since.now + dateAccuracy;
    this.#second = isPlausible ? duration + variation : initialDelay;
  }

  get #isLearned(): boolean {
    return this.#second > initialDelay;
  }
}
