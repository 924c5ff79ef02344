import { sleep } from '../clock.ts';
import type { Clock } from '../clock.ts';
import { isOutage } from '../errors.ts';
import { retryIn } from './schedule.ts';

/** Reads all of `names` at start; returns, name by name, why those that are missing could not be had. */
export async function readAllUntil(
  names: readonly string[],
  read: (name: string, signal: AbortSignal) => Promise<unknown>,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<Map<string, unknown>> {
  const errors = new Map<string, unknown>();
  const readOne = (name: string): Promise<unknown> =>
    readUntil((budget) => read(name, budget), clock, signal).catch((error: unknown) => errors.set(name, error));
  await Promise.all(names.map(readOne));
  return errors;
}

/**
 * Reads one name at start, again and again while KMS cannot be reached, until `signal` ends the time for it: an outage of
 * seconds must not put a service into a restart loop. What KMS refuses is not asked twice.
 *
 * Rejects with the last reason why the name could not be had.
 */
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
      await sleep(clock, retryIn(failures, clock.random()), signal);
    } catch {
      throw reason;
    }
  }
}
