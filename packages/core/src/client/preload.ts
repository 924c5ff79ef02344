import { fullJitter } from '../fetch/backoff.ts';
import { maxBatchSize } from '../fetch/batching.ts';
import { deadlineError } from '../fetch/fetch-error.ts';
import type { FetchProgress } from '../fetch/fetch-error.ts';
import type { Logger } from '../ports/logger.ts';
import { isOutage, isSecretError, SecretSetError } from '../secret/errors.ts';
import type { AnySecretError } from '../secret/errors.ts';
import type { Secret } from '../secret/secret.ts';
import { sleep } from '../time/clock.ts';
import type { Clock } from '../time/clock.ts';
import { Deadline, withTimeout } from '../time/deadline.ts';
import { requestFor } from './read-request.ts';

export interface PreloaderParts {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly defaultStage: string;
  /** Milliseconds for the whole preload (`readyTimeout`). */
  readonly timeout: number;
  /** Milliseconds to wait for optional secrets after the required ones have arrived. */
  readonly optionalTimeout: number;
  readonly closing: AbortSignal;
  /** With stores, starts are not spread: a warm store has the values, and the leases of a shared one limit the requests. */
  readonly hasStores: boolean;
  readonly isOptional: (name: string) => boolean;
  /** What the fetch in flight has done so far. */
  readonly progressOf: (name: string) => FetchProgress;
}

/** The part of a `SecretClient` that a preload uses. */
export interface PreloadSource {
  get(name: string, options: { readonly signal: AbortSignal }): Promise<Secret>;
  peek(name: string): Secret | undefined;
}

/** How one preload differs from the options of the client. */
export interface PreloadLimits {
  /** Milliseconds for the whole preload. */
  readonly timeout?: number | undefined;
  /** Default: the names with `optional: true` in the option `secrets`. */
  readonly isOptional?: ((name: string) => boolean) | undefined;
}

/** One preload. */
interface Run {
  readonly signal: AbortSignal;
  /** Milliseconds. */
  readonly timeout: number;
  readonly startDelays: ReadonlyMap<string, number>;
}

/**
 * Further batches start at a random time, up to `startSpread` later for each, at most `maxStartSpread` (ms). The processes of a fleet
 * that start together do not exceed their quota in the same moment.
 */
const startSpread = 250;
const maxStartSpread = 1_000;

/** The backoff between two reads of a secret. Within a read, the fetch has its own backoff between attempts. */
const readBackoff = fullJitter({ base: 1_000, cap: 10_000, maxAttempts: Number.POSITIVE_INFINITY });

/**
 * Reads the secrets that a process needs at its start.
 *
 * While KMS is unavailable, required secrets are read again until the timeout: an outage of seconds must not put a service into
 * a restart loop. A secret that KMS refuses is not read again. Optional secrets are read once.
 */
export class Preloader {
  readonly #parts: PreloaderParts;

  constructor(parts: PreloaderParts) {
    this.#parts = parts;
  }

  /** Rejects with `SecretSetError`, which lists every required secret that failed. */
  async preload(names: readonly string[], source: PreloadSource, limits: PreloadLimits = {}): Promise<void> {
    const { clock, closing, logger, optionalTimeout } = this.#parts;
    const { timeout = this.#parts.timeout, isOptional = this.#parts.isOptional } = limits;
    const reason = (): Error => new Error('The preload timed out.');
    const deadline = new Deadline({
      clock,
      ms: timeout,
      parent: closing,
      keepsAlive: true,
      reason,
      limits: 'caller',
    });
    const run: Run = { timeout, signal: deadline.signal, startDelays: this.#startDelays(names) };
    const optional = names.filter((name) => isOptional(name));
    const required = names.filter((name) => !isOptional(name));
    // The required ones first: few requests may be open at the start, and an optional one that hangs must not delay the others.
    const requiredReads = this.#readAll(required, source, run);
    const optionalReads = Promise.allSettled(optional.map((name) => this.#readOptional(name, source, run)));
    const errors = await requiredReads;
    await withTimeout<unknown>(optionalReads, clock, { ms: optionalTimeout, onTimeout: () => undefined });
    deadline.clear();
    if (closing.aborted) return;
    for (const name of optional.filter((missing) => source.peek(missing) === undefined)) {
      logger.warn(`Ready without the optional secret "${name}".`, { secret: name });
    }
    if (errors.size > 0) throw new SecretSetError(names.length, 'preloaded', errors);
  }

  async #readOptional(name: string, source: PreloadSource, run: Run): Promise<void> {
    await this.#delayStart(name, source, run);
    await this.#readOnce(name, source, run);
  }

  async #readAll(
    names: readonly string[],
    source: PreloadSource,
    run: Run,
  ): Promise<ReadonlyMap<string, AnySecretError>> {
    const errors = new Map<string, AnySecretError>();
    const readOne = async (name: string): Promise<void> => {
      try {
        await this.#delayStart(name, source, run);
        await this.#readWithRetries(name, source, run);
      } catch (error) {
        errors.set(name, error as AnySecretError); // what `#readOnce` rejects with
      }
    };
    await Promise.all(names.map(readOne));
    return errors;
  }

  /** Milliseconds to wait before the first read of each name. Those of one batch start together, the first batch at once. */
  #startDelays(names: readonly string[]): ReadonlyMap<string, number> {
    const { clock, hasStores } = this.#parts;
    if (hasStores) return new Map();
    const count = Math.ceil(names.length / maxBatchSize);
    const delays = Array.from({ length: count }, (_, index) => {
      return index === 0 ? 0 : clock.random() * Math.min(index * startSpread, maxStartSpread);
    });
    return new Map(names.map((name, index) => [name, delays[Math.floor(index / maxBatchSize)] ?? 0]));
  }

  /** An abort ends the wait; the read then reports it. */
  async #delayStart(name: string, source: PreloadSource, { signal, startDelays }: Run): Promise<void> {
    const ms = startDelays.get(name) ?? 0;
    if (ms > 0 && source.peek(name) === undefined) await sleep(this.#parts.clock, ms, signal).catch(() => {});
  }

  /** Rejects with the last error. */
  async #readWithRetries(name: string, source: PreloadSource, run: Run): Promise<void> {
    const { clock } = this.#parts;
    const { signal } = run;
    let lastError: unknown;
    for (let failures = 1; ; failures += 1) {
      try {
        await this.#readOnce(name, source, run);
        return;
      } catch (error) {
        // The failure of an earlier read explains more than the timeout.
        if (signal.aborted) throw lastError ?? error;
        // A rejected identity has been retried by the fetch. Waiting would hide a wrong access key until the timeout.
        if (!isOutage(error) || isSecretError(error, 'ERR_IDENTITY_REJECTED')) throw error;
        lastError = error;
      }
      try {
        await sleep(clock, readBackoff(failures, clock.random()) ?? 0, signal);
      } catch {
        throw lastError;
      }
    }
  }

  async #readOnce(name: string, source: PreloadSource, { signal, timeout }: Run): Promise<void> {
    const { progressOf, defaultStage } = this.#parts;
    try {
      await source.get(name, { signal });
    } catch (error) {
      if (!signal.aborted) throw error;
      throw deadlineError(requestFor(name, {}, defaultStage), timeout, progressOf(name));
    }
  }
}
