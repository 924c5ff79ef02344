import type { Clock } from '../time/clock.ts';
import type { StoreOperation } from './store-messages.ts';

/** Consecutive failures after which a store is skipped. */
export const failureThreshold = 3;
/** Backoff between probes of a skipped store (ms); doubles up to the maximum. */
const initialBackoff = 1_000;
const maxBackoff = 30_000;

/** Operations that share a failure count: reads may hang while writes succeed, such as on a read-only replica. */
export type OperationGroup = 'read' | 'change' | 'lease';

export function groupOf(operation: StoreOperation): OperationGroup {
  return operation === 'read' || operation === 'lease' ? operation : 'change';
}

interface GroupFailures {
  /** Consecutive. */
  readonly count: number;
  /** Below the threshold: 0. */
  readonly backoff: number;
  /** The clock's `now`. */
  readonly skippedUntil: number;
}

/** The consecutive failures of one store, and how long it is skipped because of them. */
export class StoreFailures {
  readonly #clock: Clock;
  /** Milliseconds for one operation. */
  readonly #timeout: number;
  readonly #groups = new Map<OperationGroup, GroupFailures>();
  readonly #successes = { read: 0, change: 0, lease: 0 };
  #since: number | undefined;

  constructor(clock: Clock, timeout: number) {
    this.#clock = clock;
    this.#timeout = timeout;
  }

  /** Whether some operation has failed, and none of its group has succeeded since. */
  get isFailing(): boolean {
    return this.#groups.size > 0;
  }

  get isUnavailable(): boolean {
    return [...this.#groups.values()].some(({ backoff }) => backoff > 0);
  }

  /** The clock's `now` at the first of the consecutive failures. */
  get since(): number | undefined {
    return this.#since;
  }

  /** The number of operations that succeeded. */
  successes(group: OperationGroup): number {
    return this.#successes[group];
  }

  /** Milliseconds until an operation is attempted again; 0 if it is not skipped. */
  skippedFor(group: OperationGroup): number {
    const failures = this.#groups.get(group);
    return failures === undefined ? 0 : Math.max(failures.skippedUntil - this.#clock.now(), 0);
  }

  /** Of an unavailable store, one probe at a time: concurrent operations are skipped until it has ended. */
  beginProbe(group: OperationGroup): void {
    const failures = this.#groups.get(group);
    if (failures === undefined || failures.backoff === 0) return;
    this.#groups.set(group, { ...failures, skippedUntil: this.#clock.now() + this.#timeout });
  }

  succeed(group: OperationGroup): void {
    this.#successes[group] += 1;
    this.#groups.delete(group);
    if (this.#groups.size === 0) this.#since = undefined;
  }

  /** Returns the number of consecutive failures. */
  fail(group: OperationGroup): number {
    const count = (this.#groups.get(group)?.count ?? 0) + 1;
    this.#backOff(group, count);
    return count;
  }

  /** All operations are skipped from now on. */
  failAll(): void {
    for (const group of ['read', 'change', 'lease'] as const) this.#backOff(group, failureThreshold);
  }

  clear(): void {
    this.#groups.clear();
    this.#since = undefined;
  }

  #backOff(group: OperationGroup, count: number): void {
    const { backoff = 0, skippedUntil = 0 } = this.#groups.get(group) ?? {};
    const now = this.#clock.now();
    this.#since ??= now;
    // Of concurrent operations that fail together, only the first one doubles the backoff.
    const isBackingOff = skippedUntil - now > this.#timeout;
    if (count < failureThreshold) this.#groups.set(group, { count, backoff: 0, skippedUntil: now });
    else if (!isBackingOff) {
      const next = Math.min(Math.max(2 * backoff, initialBackoff), maxBackoff);
      this.#groups.set(group, { count, backoff: next, skippedUntil: now + next });
    }
  }
}
