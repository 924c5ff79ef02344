import type { Attempt } from '../errors.ts';
import { FetchFailure } from '../transport.ts';

/** Names come from users: beyond so many the oldest is forgotten, and asked for a little too early. */
const mostPauses = 1_000;

/** Until when a secret is not asked for, because KMS said so: from one fetch of it to the next. */
export class Pauses {
  readonly #pauses = new Map<string, { readonly until: number; readonly failure: FetchFailure }>();

  /** A fetch has come to nothing: every endpoint that was asked in it must have named a time. */
  note(key: string, attempts: readonly Attempt[], now: number): void {
    const last = new Map(attempts.map(({ endpoint, error }) => [endpoint, error]));
    const failures = [...last.values()].filter((error) => error instanceof FetchFailure);
    const waits = failures.map(({ retryAfter = 0 }) => retryAfter);
    const [failure] = failures;
    const wait = Math.min(...waits);
    if (failure === undefined || wait <= 0 || failures.length < last.size) return;
    this.#pauses.delete(key);
    this.#pauses.set(key, { until: now + wait, failure });
    for (const oldest of this.#pauses.keys()) {
      if (this.#pauses.size <= mostPauses) break;
      this.#pauses.delete(oldest);
    }
  }

  /** Milliseconds that are left, and what had failed. */
  of(key: string, now: number): { readonly ms: number; readonly failure: FetchFailure } | undefined {
    const pause = this.#pauses.get(key);
    if (pause === undefined) return undefined;
    if (now < pause.until) return { ms: pause.until - now, failure: pause.failure };
    this.#pauses.delete(key);
    return undefined;
  }
}
