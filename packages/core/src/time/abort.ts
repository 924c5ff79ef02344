import { TaskList } from './task-list.ts';
import type { Task } from './task-list.ts';

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
  onAbort(task: () => void): Task;
}

/** The tasks to run when each signal aborts. A signal has one listener for all its tasks. */
const tasksOf = new WeakMap<AbortSignal, TaskList>();

/**
 * Runs `task` when `signal` aborts, unless the returned task is removed before. The signal must not have aborted yet.
 *
 * It does not call `addEventListener` for each task, because thousands of reads may share one signal: Node warns of a leak at
 * the eleventh listener, and finds a listener to remove by a linear search.
 */
export function onAbort(signal: CancelSignal, task: () => void): Task {
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

function listenTo(signal: AbortSignal): TaskList {
  const tasks = new TaskList();
  tasksOf.set(signal, tasks);
  signal.addEventListener('abort', () => tasks.runAll(), { once: true });
  return tasks;
}
