/**
 * Why it is fetched: because a reader wants it, because it has come due, or because a caller demands it of KMS, whatever
 * anybody else may hold.
 */
export type PriorityLevel = 'read' | 'refresh' | 'forced';

const ranks: Readonly<Record<PriorityLevel, number>> = { refresh: 0, read: 1, forced: 2 };

/** How much a fetch matters to those who want it. A refresh in the background becomes urgent when a reader joins it. */
export class Priority {
  readonly #tasks = new Set<() => void>();
  #level: PriorityLevel;

  constructor(purpose: PriorityLevel) {
    this.#level = purpose;
  }

  /** The most that anybody wants of it. */
  get level(): PriorityLevel {
    return this.#level;
  }

  /** Whether somebody waits for it. */
  get isForeground(): boolean {
    return this.#level !== 'refresh';
  }

  raise(purpose: PriorityLevel): void {
    if (ranks[purpose] <= ranks[this.#level]) return;
    const isFirst = this.#level === 'refresh';
    this.#level = purpose;
    if (!isFirst) return;
    for (const task of this.#tasks) task();
    this.#tasks.clear();
  }

  /** Runs `task` when somebody begins to wait for it; returns a function that calls it off. */
  onForeground(task: () => void): () => void {
    this.#tasks.add(task);
    return () => {
      this.#tasks.delete(task);
    };
  }
}
