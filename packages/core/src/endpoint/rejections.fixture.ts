import { onTestFinished } from 'vitest';

/** The unhandled rejections of the process, from this call to the end of the test. */
export function unhandledRejections(): unknown[] {
  const reasons: unknown[] = [];
  const listener = (reason: unknown): void => void reasons.push(reason);
  process.on('unhandledRejection', listener);
  onTestFinished(() => void process.off('unhandledRejection', listener));
  return reasons;
}

/** Resolves when all microtasks have run, and the rejections they left unhandled were emitted. */
export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
