/** What cancels work: an `AbortSignal`, or the cheaper `LightSignal` of this package. */
export type CancelSignal = AbortSignal | LightSignal;

/**
 * The part of an `AbortSignal` that core needs. Creating an `AbortController` takes as much CPU time as signing a request (Node
 * 20).
 */
export interface LightSignal {
  readonly aborted: boolean;
  readonly reason: unknown;
  /** See the function `onAbort`. */
  onAbort(task: () => void): () => void;
}

/**
 * Tasks that run once. A task is added and removed in constant time.
 *
 * It is an array instead of a `Set`, because V8 does not free the outgrown tables of a long-lived `Set` before the next full
 * collection, and these tables keep alive what was in flight when they were outgrown.
 */
export class AbortTasks {
  #tasks: AbortTask[] = [];

  /** Returns a function that removes the task. The same function added twice counts as two tasks. */
  add(run: () => void): () => void {
    const task: AbortTask = { run, index: this.#tasks.length };
    this.#tasks.push(task);
    return () => {
      this.#remove(task);
    };
  }

  /** Runs the tasks and removes them. A task that an earlier one removes does not run. */
  runAll(): void {
    const tasks = this.#tasks;
    this.#tasks = [];
    for (const task of tasks) {
      if (task.index === removed) continue;
      task.index = removed;
      task.run();
    }
  }

  #remove(task: AbortTask): void {
    const { index } = task;
    task.index = removed;
    // Tasks of `runAll` are in no list.
    if (this.#tasks[index] !== task) return;
    const last = this.#tasks.pop();
    if (last === undefined || last === task) return;
    this.#tasks[index] = last;
    last.index = index;
  }
}

interface AbortTask {
  readonly run: () => void;
  /** The position in the list, or `removed`. */
  index: number;
}

const removed = -1;

/** The tasks to run when each signal aborts. A signal has one listener for all its tasks. */
const tasksOf = new WeakMap<AbortSignal, AbortTasks>();

/**
 * Runs `task` when `signal` aborts. Returns a function that removes the task. The signal must not have aborted yet.
 *
 * It does not call `addEventListener` for each task, because thousands of reads may share one signal: Node warns of a leak at
 * the eleventh listener, and finds a listener to remove by a linear search.
 */
export function onAbort(signal: CancelSignal, task: () => void): () => void {
  if (isLight(signal)) return signal.onAbort(task);
  const tasks = tasksOf.get(signal) ?? listenTo(signal);
  return tasks.add(task);
}

/** Whether `value` is an `AbortSignal` of any realm. */
export function isAbortSignal(value: unknown): value is AbortSignal {
  if (typeof value !== 'object' || value === null || !('aborted' in value)) return false;
  return 'addEventListener' in value && typeof value.addEventListener === 'function';
}

function isLight(signal: CancelSignal): signal is LightSignal {
  return 'onAbort' in signal;
}

function listenTo(signal: AbortSignal): AbortTasks {
  const tasks = new AbortTasks();
  tasksOf.set(signal, tasks);
  signal.addEventListener('abort', () => tasks.runAll(), { once: true });
  return tasks;
}
