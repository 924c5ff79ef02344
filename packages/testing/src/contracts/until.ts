/** Turns of the event loop before a poll sleeps: most conditions hold within a few. */
const turnsWithoutSleep = 50;

/**
 * Polls `condition` until it holds: at first once per turn of the event loop, then once per millisecond.
 *
 * Rejects after `timeout` real milliseconds, so that a broken contract fails instead of hanging.
 */
export async function until(condition: () => boolean | Promise<boolean>, timeout = 10_000): Promise<void> {
  const deadline = performance.now() + timeout;
  for (let turn = 0; !(await condition()); turn += 1) {
    if (performance.now() > deadline) throw new Error(`Still false after ${timeout} ms: ${condition.toString()}`);
    await new Promise((resolve) => (turn < turnsWithoutSleep ? setImmediate(resolve) : setTimeout(resolve, 1)));
  }
}
