/**
 * Why it is fetched: because a reader wants it, because it has come due, or because a caller demands it of KMS, whatever
 * anybody else may hold.
 */
export type Purpose = 'read' | 'refresh' | 'demand';

/** Whether somebody waits for a fetch. A refresh in the background becomes urgent when a reader joins it, and stays so. */
export class Urgency {
  readonly #tasks = new Set<() => void>();
  #isAwaited: boolean;

  constructor(purpose: Purpose) {
    this.#isAwaited = purpose !== 'refresh';
  }

  get isAwaited(): boolean {
    return this.#isAwaited;
  }

  raise(): void {
    if (this.#isAwaited) return;
    this.#isAwaited = true;
    for (const task of this.#tasks) task();
    this.#tasks.clear();
  }

  /** Runs `task` when a reader joins; returns a function that calls it off. */
  onRaise(task: () => void): () => void {
    this.#tasks.add(task);
    return () => {
      this.#tasks.delete(task);
    };
  }
}
