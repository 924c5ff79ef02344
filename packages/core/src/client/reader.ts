import { deadlineError } from '../fetch/fetch-error.ts';
import type { Flight } from '../fetch/flight.ts';
import type { AnySecretError } from '../secret/errors.ts';
import type { Secret } from '../secret/secret.ts';
import type { SecretRequest } from '../secret/secret-request.ts';
import type { Clock } from '../time/clock.ts';
import { withTimeout } from '../time/deadline.ts';
import { remainingOf } from '../time/running-timer.ts';
import type { Recovery } from './recovery.ts';

/** A read that waits for a fetch. */
export interface PendingRead {
  readonly key: string;
  readonly request: SecretRequest;
  /** Milliseconds that are left of the deadline. Default: all of it. */
  readonly remaining?: number;
}

/** The part of the memory that a waiting read uses. */
export interface MemoryView<Entry> {
  lookup(key: string): Entry | undefined;
  /** Returns the stale value if its refresh is failing. */
  serveStale(entry: Entry): Secret | undefined;
  markFailing(key: string, error: AnySecretError): void;
}

export interface ReaderParts<Entry> {
  readonly clock: Clock;
  /** Milliseconds; the option of that name. */
  readonly deadline: number;
  /** Milliseconds; the option of that name. */
  readonly staleDeadline: number;
  readonly recovery: Recovery;
  readonly memory: MemoryView<Entry>;
}

/** Decides how long a read waits for a fetch, and what it returns if the fetch fails or does not finish in time. */
export class Reader<Entry extends { readonly secret: Secret; isFreshAt(now: number): boolean }> {
  readonly #clock: Clock;
  readonly #deadline: number;
  readonly #staleDeadline: number;
  readonly #recovery: Recovery;
  readonly #memory: MemoryView<Entry>;

  constructor({ clock, deadline, staleDeadline, recovery, memory }: ReaderParts<Entry>) {
    this.#clock = clock;
    this.#deadline = deadline;
    this.#staleDeadline = staleDeadline;
    this.#recovery = recovery;
    this.#memory = memory;
  }

  /** Resolves to the result of the fetch. Rejects with its error, or with `DeadlineExceededError`. */
  awaitFetch(flight: Flight, { request, remaining = this.#deadline }: Omit<PendingRead, 'key'>): Promise<Secret> {
    const onTimeout = (): never => {
      throw deadlineError(request, this.#deadline, flight.progress);
    };
    return withTimeout(flight.secret, this.#clock, { ms: remaining, onTimeout, limits: 'caller' });
  }

  /**
   * Resolves to the result of the fetch; if it fails, to the secret that `SecretHook.recover` returns.
   *
   * Reads that start in the same turn of the event loop have the same deadline and share one promise. Otherwise thousands of
   * concurrent reads would create as many timers and promises.
   */
  awaitOrRecover(flight: Flight, read: PendingRead): Promise<Secret> {
    if (read.remaining !== undefined) return this.#await(flight, read);
    const shared = this.sharedWaitOf(flight);
    if (shared !== undefined) return shared;
    const result = this.#await(flight, read);
    flight.sharedWait = { startedAt: this.#clock.cachedNow(), result };
    return result;
  }

  /** What `awaitOrRecover` has returned to a read of this turn of the event loop. */
  sharedWaitOf({ sharedWait }: Flight): Promise<Secret> | undefined {
    return sharedWait?.startedAt === this.#clock.cachedNow() ? sharedWait.result : undefined;
  }

  /** Resolves to the result of the fetch; to the stale value as soon as the fetch is failing or `staleDeadline` has passed. */
  async awaitOrServeStale(flight: Flight, read: PendingRead): Promise<Secret> {
    const { key, request, remaining = this.#deadline } = read;
    const startedAt = this.#clock.now();
    // Measured from the start of the fetch: a refresh that started before the TTL ended may already have taken longer.
    const ms = Math.min(this.#staleDeadline - (startedAt - flight.startedAt), remaining);
    const onTimeout = (): void => {
      if (this.#entryPastTtl(key) !== undefined) {
        this.#memory.markFailing(
          key,
          deadlineError(request, Math.min(this.#staleDeadline, this.#deadline), flight.progress),
        );
      }
    };
    if (ms > 0) await withTimeout(flight.failing, this.#clock, { ms, onTimeout });
    else onTimeout();
    // Looked up again: a store may have provided a newer value during the fetch.
    const entry = this.#entryPastTtl(key);
    const secret = entry === undefined ? this.#memory.lookup(key)?.secret : this.#memory.serveStale(entry);
    const elapsed = this.#clock.now() - startedAt;
    return secret ?? this.awaitOrRecover(flight, { key, request, remaining: remainingOf(remaining, elapsed) });
  }

  /** Resolves to the secret that `SecretHook.recover` returns; rejects with `error` without one. */
  async recoverOrThrow({ key, request }: PendingRead, error: unknown): Promise<Secret> {
    const secret = await this.#recovery.recover(key, request, error);
    if (secret === undefined) throw error;
    return secret;
  }

  #await(flight: Flight, read: PendingRead): Promise<Secret> {
    if (flight.readsStores && read.remaining === undefined) return this.#awaitStores(flight, read);
    const fetched = this.awaitFetch(flight, read);
    return this.#recovery.isActive ? fetched.catch((error: unknown) => this.recoverOrThrow(read, error)) : fetched;
  }

  /** Waits until the stores were read. If one has a stale value, the read waits for KMS for `staleDeadline` only. */
  async #awaitStores(flight: Flight, read: PendingRead): Promise<Secret> {
    const startedAt = this.#clock.now();
    await withTimeout(flight.storesChecked, this.#clock, {
      ms: this.#deadline,
      onTimeout: () => undefined,
      limits: 'caller',
    });
    const remaining = remainingOf(this.#deadline, this.#clock.now() - startedAt);
    const pending = { ...read, remaining };
    return this.#memory.lookup(read.key) === undefined
      ? this.awaitOrRecover(flight, pending)
      : this.awaitOrServeStale(flight, pending);
  }

  /** Returns the entry if it is past its TTL. */
  #entryPastTtl(key: string): Entry | undefined {
    const entry = this.#memory.lookup(key);
    return entry?.isFreshAt(this.#clock.now()) === true ? undefined : entry;
  }
}
