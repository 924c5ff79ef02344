import { onAbort } from './abort.ts';
import type { Ending } from './abort.ts';
import type { Clock } from './clock.ts';

/** Settles as `promise` does, but rejects with the signal's own reason as soon as it fires: no work can outstay it. */
export function unlessAborted<Value>(promise: Promise<Value>, signal: Ending): Promise<Value> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      promise.catch(() => {});
      reject(signal.reason as Error);
      return;
    }
    const callOff = onAbort(signal, () => reject(signal.reason as Error));
    promise.finally(callOff).then(resolve, reject);
  });
}

/**
 * `promise`, or what `late` makes of it when `ms` have gone by. The process stays alive until then: between two tries
 * nothing else may be under way, and a program that only awaits a secret would end in the middle of its read.
 */
export function orAfter<Value>(
  promise: Promise<Value>,
  clock: Clock,
  { ms, late }: { readonly ms: number; readonly late: () => Value },
): Promise<Value> {
  return new Promise((resolve, reject) => {
    const cancel = clock.hold(ms, () => {
      try {
        resolve(late());
      } catch (error) {
        reject(error);
      }
    });
    promise.finally(cancel).then(resolve, reject);
  });
}
