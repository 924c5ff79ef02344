import type { AnySecretError } from '../secret/errors.ts';
import type { SecretEvents } from '../secret/events.ts';

/** The part of a `SecretClient` that `Drops` uses. */
export interface DropSource {
  peek(name: string): unknown;
  on(event: 'dropped', listener: (event: SecretEvents['dropped']) => void): unknown;
}

/** One per client: a listener per request would cost more than the rest of a request's reads. */
const dropsBySource = new WeakMap<DropSource, Drops>();

/** Counts what a client drops from memory, so that a snapshot that lives long notices a refusal. */
export class Drops {
  /** Grows with each dropped secret. */
  count = 0;
  /** The last refusal of each secret, and the count at that time. Names of secrets that were in memory, so callers cannot fill it. */
  readonly #refusals = new Map<string, { readonly count: number; readonly error: AnySecretError | undefined }>();

  /** The count at the last refusal of any secret: most reads need no look-up. */
  #lastRefusal = 0;

  static of(source: DropSource): Drops {
    const drops = dropsBySource.get(source) ?? new Drops(source);
    dropsBySource.set(source, drops);
    return drops;
  }

  private constructor(source: DropSource) {
    source.on('dropped', ({ name, reason, error }) => {
      this.count += 1;
      // A snapshot reads the default stage. If it is in memory, the event is about another one.
      if (reason !== 'refused' || source.peek(name) !== undefined) return;
      this.#lastRefusal = this.count;
      this.#refusals.set(name, { count: this.count, error });
    });
  }

  isRefusedSince(name: string, count: number): boolean {
    return this.#lastRefusal > count && (this.#refusals.get(name)?.count ?? 0) > count;
  }

  /** The error of the last refusal. */
  refusalOf(name: string): AnySecretError | undefined {
    return this.#refusals.get(name)?.error;
  }
}
