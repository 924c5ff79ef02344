/**
 * Whether `value` is a promise of any realm or library. `instanceof Promise` fails for a promise of another realm and where
 * `globalThis.Promise` was replaced.
 */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false;
  return 'then' in value && typeof value.then === 'function';
}
