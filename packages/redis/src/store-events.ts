import type { StoreEvent } from '@kms-secrets/core';

/** The subscribers of one store, and what it reports to them. */
export class StoreEvents {
  readonly #listeners = new Set<(event: StoreEvent) => void>();
  #hasReportedNewer = false;

  /** Returns a function that unsubscribes. */
  subscribe(listener: (event: StoreEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  clear(): void {
    this.#listeners.clear();
  }

  emit(event: StoreEvent): void {
    for (const listener of this.#listeners) {
      try {
        listener(event);
      } catch {
        // An error of a listener must not fail the operation.
      }
    }
  }

  /** An entry that cannot be trusted. */
  dropped(reason: string, name: string): void {
    this.emit({ kind: 'dropped', name, reason: `the value in Redis ${reason}` });
  }

  /** An entry of a later release. Once, because a whole fleet may be upgraded while this process runs. */
  newer(): void {
    if (this.#hasReportedNewer) return;
    this.#hasReportedNewer = true;
    const reason = 'values of a later version of kms-secrets are ignored and kept';
    this.emit({ kind: 'dropped', name: undefined, reason });
  }
}
