import type { Clock } from '@kms-secrets/core';

/** Resolves after `ms` milliseconds, or when the signal aborts. Does not keep the process alive. */
export function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
      return;
    }
    const end = (): void => {
      cancel();
      signal.removeEventListener('abort', end);
      resolve();
    };
    const cancel = clock.setUnrefTimer(ms, end);
    signal.addEventListener('abort', end);
  });
}
