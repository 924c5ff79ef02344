import type { GuardedStore } from './guarded-store.ts';

/** One search for a secret in the stores: what each store returned, and which ones have not responded. */
export class StoreSearch {
  readonly #states = new Map<GuardedStore, string | undefined>();
  readonly #pending = new Set<Promise<unknown>>();
  readonly #onFound: () => void;
  #late = 0;

  /** `onFound` is called when a store has provided a value after its timeout. */
  constructor(onFound: () => void) {
    this.#onFound = onFound;
  }

  /** Whether a store may still provide a value. */
  get isPending(): boolean {
    return this.#pending.size > 0;
  }

  /** Whether a store has not responded within its timeout and may still do so. */
  get hasLate(): boolean {
    return this.#late > 0;
  }

  /** Waits for a store that has not responded within its timeout. */
  waitForLate(running: Promise<void>): void {
    this.#late += 1;
    void this.wait(running).finally(() => {
      this.#late -= 1;
    });
  }

  /** Waits for a part of the search. It must not reject. */
  wait<Value>(running: Promise<Value>): Promise<Value> {
    this.#pending.add(running);
    void running.finally(() => this.#pending.delete(running));
    return running;
  }

  started(store: GuardedStore): void {
    this.#states.set(store, undefined);
  }

  /** `text` says what it returned: no entry, or why not. It is a line of an error message. */
  ended(store: GuardedStore, text: string): void {
    this.#states.set(store, text);
  }

  found(): void {
    this.#onFound();
  }

  /** Resolves when all stores have responded. */
  async settled(): Promise<void> {
    while (this.isPending) await Promise.all(this.#pending);
  }

  /** One line per store. */
  get lines(): readonly string[] {
    return Array.from(this.#states, ([store, text]) => text ?? waitingText(store));
  }
}

function waitingText({ name, store }: GuardedStore): string {
  return store.preparing === undefined
    ? `${name}: no response yet`
    : `${name}: not ready yet: it derives its key, or connects`;
}
