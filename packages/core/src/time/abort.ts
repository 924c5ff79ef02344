/** Cancels work: an `AbortSignal`, or the cheaper `LightSignal` of this package. */
export type CancelSignal = AbortSignal | LightSignal;

/** The part of an `AbortSignal` that core needs. On Node 20 an `AbortController` costs as much CPU as a signature. */
export interface LightSignal {
  readonly aborted: boolean;
  readonly reason: unknown;
  /** Same contract as `onAbort`. */
  onAbort(task: () => void): () => void;
}

/** The tasks that wait for each signal. Every signal carries one listener, however many tasks there are. */
const tasksOf = new WeakMap<AbortSignal, Set<() => void>>();

/**
 * Runs `task` when `signal` aborts. Returns a function that removes the task. The signal must not have aborted yet.
 *
 * It does not call `addEventListener` for each task: Node warns of a leak at the eleventh listener of a signal and removes
 * a listener by a linear search, while thousands of reads may share one signal.
 */
export function onAbort(signal: CancelSignal, task: () => void): () => void {
  if (isLight(signal)) return signal.onAbort(task);
  const tasks = tasksOf.get(signal) ?? listenTo(signal);
  // Wrapped, so that the same function passed twice counts as two tasks.
  const entry = (): void => task();
  tasks.add(entry);
  return () => {
    tasks.delete(entry);
  };
}

function isLight(signal: CancelSignal): signal is LightSignal {
  return 'onAbort' in signal;
}

function listenTo(signal: AbortSignal): Set<() => void> {
  const tasks = new Set<() => void>();
  tasksOf.set(signal, tasks);
  signal.addEventListener(
    'abort',
    () => {
      for (const task of tasks) task();
      tasks.clear();
    },
    { once: true },
  );
  return tasks;
}
