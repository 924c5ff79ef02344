/** What ends work before its time: an `AbortSignal`, or one of ours that costs a fraction of it. */
export type Ending = AbortSignal | OwnEnding;

/** As much of an `AbortSignal` as is needed inside: an `AbortController` takes Node 20 as long as a signature. */
export interface OwnEnding {
  readonly aborted: boolean;
  readonly reason: unknown;
  /** As `onAbort`. */
  onEnd(task: () => void): () => void;
}

/** Who waits for a signal, so that it carries one listener of ours, however many they are. */
const waiting = new WeakMap<AbortSignal, Set<() => void>>();

/**
 * Runs `task` when `signal` fires; returns a function that calls it off. The signal must not have fired yet.
 *
 * Not `addEventListener` for each: Node warns of a leak at the eleventh listener of a signal, and takes each off by
 * walking through all of them, while thousands of reads may share one.
 */
export function onAbort(signal: Ending, task: () => void): () => void {
  if ('onEnd' in signal) return signal.onEnd(task);
  const tasks = waiting.get(signal) ?? listenTo(signal);
  // Wrapped, so that one task given twice is two.
  const entry = (): void => task();
  tasks.add(entry);
  return () => {
    tasks.delete(entry);
  };
}

function listenTo(signal: AbortSignal): Set<() => void> {
  const tasks = new Set<() => void>();
  waiting.set(signal, tasks);
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
