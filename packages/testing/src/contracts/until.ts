/**
 * Polls `condition` once per turn of the event loop until it holds.
 *
 * Rejects after `timeout` real milliseconds, so that a broken contract fails instead of hanging.
 */
export async function until(condition: () => boolean | Promise<boolean>, timeout = 2_000): Promise<void> {
  const deadline = performance.now() + timeout;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`Still false after ${timeout} ms: ${condition.toString()}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
