// @ts-check
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Looks again and again until what it looks for is there.
 *
 * @template Found
 * @param {() => Promise<Found | undefined> | Found | undefined} look
 * @param {{ within: number; every?: number; signal: AbortSignal; what: string }} options
 * @returns {Promise<{ found: Found; ms: number }>}
 */
export async function until(look, { within, every = 20, signal, what }) {
  const started = performance.now();
  for (;;) {
    signal.throwIfAborted();
    const found = await look();
    const ms = performance.now() - started;
    if (found !== undefined) return { found, ms };
    if (ms > within) throw new Error(`${what} did not happen within ${within / 1000} s.`);
    await sleep(every, undefined, { signal });
  }
}
