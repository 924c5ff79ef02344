// @ts-check
// Counts what one operation creates. Counts are the same on every machine, so tests may assert them.
import { createHook } from 'node:async_hooks';
import { GCProfiler } from 'node:v8';

/** @typedef {{ promises: number; timers: number; abortControllers: number }} Counts */

/**
 * Runs `operation` several times in sequence and returns the mean per run. An `await` counts as a promise: while a hook is active, V8
 * creates one for it.
 * @param {() => Promise<unknown>} operation
 * @param {number} times
 * @returns {Promise<Counts>}
 */
export async function countsPerRun(operation, times) {
  /** @type {Map<string, number>} */
  const created = new Map();
  let abortControllers = 0;
  const hook = createHook({ init: (_id, type) => void created.set(type, (created.get(type) ?? 0) + 1) });
  const Original = globalThis.AbortController;
  globalThis.AbortController = class extends Original {
    constructor() {
      super();
      abortControllers += 1;
    }
  };
  hook.enable();
  try {
    for (let done = 0; done < times; done += 1) await operation();
  } finally {
    hook.disable();
    globalThis.AbortController = Original;
  }
  return {
    promises: (created.get('PROMISE') ?? 0) / times,
    timers: (created.get('Timeout') ?? 0) / times,
    abortControllers: abortControllers / times,
  };
}

/**
 * Runs `operation` several times in sequence and returns the mean bytes that each run moves to the old generation. Something old that an
 * operation leaves behind keeps alive what it refers to until the next full collection, which grows with the heap. The process needs the
 * flags `collectionFlags`.
 * @param {() => Promise<unknown>} operation
 * @param {number} times
 */
export async function promotedBytesPerRun(operation, times) {
  globalThis.gc?.();
  const profiler = new GCProfiler();
  profiler.start();
  for (let done = 0; done < times; done += 1) await operation();
  const { statistics } = profiler.stop();
  const promoted = statistics
    .filter(({ gcType }) => gcType === 'Scavenge')
    .map(({ beforeGC, afterGC }) => oldBytes(afterGC) - oldBytes(beforeGC));
  return promoted.reduce((sum, bytes) => sum + bytes, 0) / times;
}

/** A small new generation, so that few operations cause many collections. */
export const collectionFlags = ['--expose-gc', '--max-semi-space-size=1'];

/** @param {ReturnType<GCProfiler['stop']>['statistics'][number]['beforeGC']} heap */
function oldBytes({ heapSpaceStatistics }) {
  const old = heapSpaceStatistics.filter(({ spaceName }) => /^(?:old|large_object)_/u.test(spaceName));
  return old.reduce((sum, { spaceUsedSize }) => sum + spaceUsedSize, 0);
}
