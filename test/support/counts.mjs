// @ts-check
// Counts what one operation creates. Counts are the same on every machine, so tests may assert them.
import { createHook } from 'node:async_hooks';

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
