import { sleep } from '../time/clock.ts';
import type { Clock } from '../time/clock.ts';
import { isOutage } from '../secret/errors.ts';
import { fullJitter } from '../fetch/backoff.ts';
import { Deadline, withTimeout } from '../time/deadline.ts';

export interface PreloadParts {
  readonly names: readonly string[];
  readonly isOptional: (name: string) => boolean;
  /** Reads one name; ends when the signal fires. */
  readonly read: (name: string, signal: AbortSignal) => Promise<unknown>;
  readonly clock: Clock;
  /** Milliseconds for all of it. */
  readonly budget: number;
  /** Milliseconds that the optional names may take once the required ones are there. */
  readonly patience: number;
  readonly closing: AbortSignal;
}

/** Between two reads of a name at start; the tries of one read have waits of their own. */
const backoff = fullJitter({ base: 1_000, cap: 10_000, maxAttempts: Number.POSITIVE_INFINITY });

/**
 * Reads the names that a process wants at its start; returns, name by name, why those that it needs could not be had.
 *
 * A required name is read again and again while KMS cannot be reached: an outage of seconds must not put a service into a
 * restart loop. What KMS refuses is not asked twice. An optional name is read once, and holds up nobody.
 */
export async function preloadAll(parts: PreloadParts): Promise<ReadonlyMap<string, unknown>> {
  const { names, isOptional, read, clock, budget: ms, patience, closing } = parts;
  const missing = new Map<string, unknown>();
  const reason = (): Error => new Error('The time for ready() is up.');
  const budget = new Deadline({ clock, ms, parent: closing, keepsAlive: true, reason });
  const required = async (name: string): Promise<void> => {
    try {
      await readUntil((signal) => read(name, signal), clock, budget.signal);
    } catch (error) {
      missing.set(name, error);
    }
  };
  const extras = Promise.allSettled(names.filter(isOptional).map((name) => read(name, budget.signal)));
  await Promise.all(names.filter((name) => !isOptional(name)).map(required));
  await withTimeout<unknown>(extras, clock, { ms: patience, onTimeout: () => undefined });
  budget.clear();
  return missing;
}

/** Rejects with the last reason why the name could not be had. */
async function readUntil(
  read: (signal: AbortSignal) => Promise<unknown>,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  let reason: unknown;
  for (let failures = 1; ; failures += 1) {
    try {
      await read(signal);
      return;
    } catch (error) {
      // When the time is up, the failure before it says more than that it is.
      if (signal.aborted) throw reason ?? error;
      if (!isOutage(error)) throw error;
      reason = error;
    }
    try {
      await sleep(clock, backoff(failures, clock.random()) ?? 0, signal);
    } catch {
      throw reason;
    }
  }
}
