/**
 * Why it is fetched: because a reader wants it, because it has come due, or because a caller demands it of KMS, whatever
 * anybody else may hold.
 */
export type Purpose = 'read' | 'refresh' | 'demand';

const ranks: Readonly<Record<Purpose, number>> = { refresh: 0, read: 1, demand: 2 };

/** How much a fetch matters to those who want it. A refresh in the background becomes urgent when a reader joins it. */
export class Urgency {
  readonly #tasks = new Set<() => void>();
  #purpose: Purpose;

  constructor(purpose: Purpose) {
    this.#purpose = purpose;
  }

  /** The most that anybody wants of it. */
  get purpose(): Purpose {
    return this.#purpose;
  }

  /** Whether somebody waits for it. */
  get isAwaited(): boolean {
    return this.#purpose !== 'refresh';
  }

  join(purpose: Purpose): void {
    if (ranks[purpose] <= ranks[this.#purpose]) return;
    const isFirst = this.#purpose === 'refresh';
    this.#purpose = purpose;
    if (!isFirst) return;
    for (const task of this.#tasks) task();
    this.#tasks.clear();
  }

  /** Runs `task` when somebody begins to wait for it; returns a function that calls it off. */
  onAwaited(task: () => void): () => void {
    this.#tasks.add(task);
    return () => {
      this.#tasks.delete(task);
    };
  }
}
