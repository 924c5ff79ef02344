import { TaskList } from '../time/task-list.ts';
import type { Task } from '../time/task-list.ts';

/**
 * The purpose of a fetch, from the lowest priority to the highest: a background refresh, a read, or a forced refresh, which
 * requires a response from KMS and ignores the stores.
 */
export type PriorityLevel = 'refresh' | 'read' | 'forced';

const ranks: Readonly<Record<PriorityLevel, number>> = { refresh: 0, read: 1, forced: 2 };

/** The priority of a fetch: the highest of its callers. A background refresh is promoted when a reader joins it. */
export class Priority {
  #foregroundTasks: TaskList | undefined;
  #level: PriorityLevel;

  constructor(level: PriorityLevel) {
    this.#level = level;
  }

  get level(): PriorityLevel {
    return this.#level;
  }

  /** Whether a caller waits for the fetch. */
  get isForeground(): boolean {
    return this.#level !== 'refresh';
  }

  /** Raises the priority to `level`. Never lowers it. */
  raise(level: PriorityLevel): void {
    if (ranks[level] <= ranks[this.#level]) return;
    const isPromoted = this.#level === 'refresh';
    this.#level = level;
    if (isPromoted) this.#foregroundTasks?.runAll();
  }

  /** Runs `task` when the fetch is promoted to the foreground, unless the returned task is removed before. */
  onForeground(task: () => void): Task {
    this.#foregroundTasks ??= new TaskList();
    return this.#foregroundTasks.add(task);
  }
}
