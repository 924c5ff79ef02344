import { builtinModule } from './builtin-module.ts';

/**
 * Captures the async context: the stores of every `AsyncLocalStorage`, and with them the active span of a trace. Returns a function
 * that runs a task in it. Timers, promises and sockets that the task creates keep the captured context, not that of the caller.
 */
export function captureContext(): <Value>(task: () => Value) => Value {
  const { AsyncResource } = builtinModule('node:async_hooks');
  const captured = new AsyncResource(resourceType);
  return (task) => {
    // A resource for each task: before Node 24, `enterWith` in a task would change `captured` for all later ones.
    const resource = captured.runInAsyncScope(() => new AsyncResource(resourceType));
    return resource.runInAsyncScope(task);
  };
}

/** The name that diagnostic tools show. */
const resourceType = 'kms-secrets';
