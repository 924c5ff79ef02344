// @ts-check
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Calls `attempt` until it returns a result.
 *
 * @template Result
 * @param {() => Promise<Result | undefined> | Result | undefined} attempt
 * @param {{ timeout: number; interval?: number; signal: AbortSignal; what: string }} options
 * @returns {Promise<{ result: Result; ms: number }>}
 */
export async function poll(attempt, { timeout, interval = 20, signal, what }) {
  const startedAt = performance.now();
  for (;;) {
    signal.throwIfAborted();
    const result = await attempt();
    const ms = performance.now() - startedAt;
    if (result !== undefined) return { result, ms };
    if (ms > timeout) throw new Error(`${what} did not happen within ${timeout / 1000} s.`);
    await sleep(interval, undefined, { signal });
  }
}
