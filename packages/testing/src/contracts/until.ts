/**
 * Waits for something that comes over a real socket, turn by turn of the event loop.
 *
 * Rejects after `patience` real milliseconds: a contract that is broken must fail, and not hang.
 */
export async function until(isSo: () => boolean | Promise<boolean>, patience = 2_000): Promise<void> {
  const giveUpAt = performance.now() + patience;
  while (!(await isSo())) {
    if (performance.now() > giveUpAt) throw new Error(`It was not so after ${patience} ms: ${isSo.toString()}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
