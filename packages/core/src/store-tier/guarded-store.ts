import type { Clock } from '../time/clock.ts';
import { isSecretError } from '../secret/errors.ts';
import type { SecretEvents } from '../secret/events.ts';
import { formatDuration } from '../time/duration.ts';
import type { StoreStatus } from '../secret/status.ts';
import type { SecretStore, StoredSecret, StoreEvent } from '../ports/store.ts';
import type { SecretRequest } from '../secret/secret-request.ts';
import { withTimeout } from '../time/deadline.ts';
import { failureThreshold, groupOf, StoreFailures, type OperationGroup } from './store-failures.ts';
import { StoreRecord } from './store-record.ts';
import {
  droppedError,
  foreignKeysError,
  lostError,
  operationError,
  partOf,
  StoreTimeout,
  unavailableError,
  withoutFullStop,
} from './store-messages.ts';
import type { StoreOperation } from './store-messages.ts';

/** The name of the secret; `undefined` for an operation on the whole store. */
type MaybeName = string | undefined;
type Act<Value> = (store: SecretStore) => Promise<Value>;
interface Operation<Value> {
  readonly operation: StoreOperation;
  readonly name: MaybeName;
  readonly act: Act<Value>;
  readonly onLate?: (running: Promise<Value>) => void;
}
interface Failure {
  readonly cause: unknown;
  /** Whether the failure is one of the whole store. Default: `true`. */
  readonly isCounted?: boolean;
}
/** `undefined` if the operation failed or was skipped. With `part`, only that part of the store failed. */
type Outcome<Value> = { readonly value: Value } | { readonly part: string } | undefined;
export type StoreEventListener = (event: SecretEvents['store']) => void;

export interface GuardedStoreParts {
  readonly store: SecretStore;
  readonly clock: Clock;
  /** Milliseconds for one operation. */
  readonly timeout: number;
  readonly onEvent: StoreEventListener;
  /** The store works again after it was unavailable. */
  readonly onRecovered: () => void;
}

/**
 * Isolates the client from a slow or failing store: every operation resolves within `timeout`, and errors are reported as
 * events instead of being thrown. A store that keeps failing is skipped until a probe succeeds. Each outage is reported once.
 *
 * The outage of a part of the store, such as a node of a cluster, skips no operation: the store rejects those of that part at once.
 */
export class GuardedStore {
  readonly store: SecretStore;
  readonly #clock: Clock;
  readonly #timeout: number;
  readonly #onEvent: StoreEventListener;
  readonly #onRecovered: () => void;
  readonly #groups: StoreFailures;
  readonly #record: StoreRecord;
  /** When each part became unavailable: the clock's `now`. */
  readonly #parts = new Map<string, number>();
  /** What was reported of the current outage. */
  #reported: 'nothing' | 'failed' | 'unavailable' = 'nothing';
  #completedChanges = 0;

  constructor({ store, clock, timeout, onEvent, onRecovered }: GuardedStoreParts) {
    this.store = store;
    this.#clock = clock;
    this.#timeout = timeout;
    this.#groups = new StoreFailures(clock, timeout);
    this.#record = new StoreRecord(clock);
    this.#onEvent = onEvent;
    this.#onRecovered = onRecovered;
  }

  get name(): string {
    return this.store.name;
  }

  /** The number of failed operations and lost changes. */
  get failures(): number {
    return this.#record.failures;
  }

  /** The number of writes and removals that succeeded. */
  get completedChanges(): number {
    return this.#completedChanges;
  }

  /** Milliseconds until the operation is attempted again; 0 if it is not skipped. */
  skippedFor(operation: StoreOperation): number {
    return this.#groups.skippedFor(groupOf(operation));
  }

  /** Why the store returned nothing, as a line of an error message. */
  get lastFailureText(): string {
    return withoutFullStop(this.#record.lastFailure ?? this.name);
  }

  /** Resolves to the result of the operation; to `undefined` if it failed or was skipped. Never rejects. */
  run<Value>(operation: StoreOperation, name: MaybeName, act: Act<Value>): Promise<Outcome<Value>> {
    return this.#runUnlessSkipped({ operation, name, act });
  }

  /** Reads a secret. Otherwise the same as `run`. `onLate` receives the read if it is still running after its timeout. */
  read(
    request: SecretRequest,
    onLate: (running: Promise<StoredSecret | undefined>) => void,
  ): Promise<Outcome<StoredSecret | undefined>> {
    const act = (store: SecretStore): Promise<StoredSecret | undefined> => store.read(request);
    return this.#runUnlessSkipped({ operation: 'read', name: request.name, act, onLate });
  }

  /**
   * Same as `run`, also while the operation is skipped. A success does not end the outage: a full disk and a Redis without memory
   * accept removals, but no writes.
   */
  async runUnskipped<Value>(operation: StoreOperation, name: MaybeName, act: Act<Value>): Promise<Outcome<Value>> {
    if (this.skippedFor(operation) === 0) return this.run(operation, name, act);
    return this.#attempt({ operation, name, act });
  }

  async #runUnlessSkipped<Value>(operation: Operation<Value>): Promise<Outcome<Value>> {
    if (this.skippedFor(operation.operation) > 0) return undefined;
    const group = groupOf(operation.operation);
    this.#groups.beginProbe(group);
    const result = await this.#attempt(operation);
    if (result !== undefined && !('part' in result)) this.#succeed(group);
    return result;
  }

  async #attempt<Value>({ operation, name, act, onLate }: Operation<Value>): Promise<Outcome<Value>> {
    const successesBefore = this.#groups.successes(groupOf(operation));
    const running = rejecting(() => act(this.store));
    try {
      return { value: await this.#withTimeout(running) };
    } catch (cause) {
      const part = partOf(cause);
      const isTimeout = cause instanceof StoreTimeout;
      // Others have succeeded meanwhile, so the store responds: a node of a cluster may hang that holds this secret.
      const isOfOne = isTimeout && this.#groups.successes(groupOf(operation)) > successesBefore;
      this.#fail(operation, name, { cause, isCounted: part === undefined && !isOfOne });
      if (isTimeout) onLate?.(running);
      return part === undefined ? undefined : { part };
    }
  }

  /** Rejects if the store reports that it cannot work with its configuration. Any other failure is reported by operations. */
  async verify(): Promise<void> {
    try {
      await this.#withTimeout(rejecting(async () => this.store.verify?.()));
    } catch (error) {
      if (isSecretError(error, 'ERR_STORE')) throw error;
    }
  }

  /** Returns a function that unsubscribes. Never throws; does nothing for a store without events. */
  subscribe(listener: (event: StoreEvent) => void): () => void {
    const guardedListener = (event: StoreEvent): void => {
      try {
        listener(event);
      } catch {
        // An event with invalid fields must not throw into the store.
      }
    };
    try {
      const unsubscribe = this.store.subscribe?.(guardedListener);
      return () => this.#unsubscribe(unsubscribe);
    } catch (cause) {
      this.#fail('subscribe', undefined, { cause });
      return () => {};
    }
  }

  /** Also closes a store that is skipped, so that it frees its resources. Never rejects. */
  async close(): Promise<void> {
    try {
      await this.#withTimeout(rejecting(() => this.store.close()));
    } catch (cause) {
      this.#fail('close', undefined, { cause });
    }
  }

  /** The store reported that it, or that part of it, works again. */
  markRecovered(part?: string): void {
    if (part === undefined) {
      this.#groups.clear();
      this.#reportRecovered();
    } else if (this.#parts.delete(part)) {
      this.#onEvent({ ...ofNoSecret, store: this.name, kind: 'recovered', part });
      this.#onRecovered();
    }
  }

  /** The store reported that it, or that part of it, is unavailable. */
  markUnavailable(reason: string, part?: string): void {
    if (part !== undefined && this.#parts.has(part)) return;
    const error = unavailableError(this.name, reason, part);
    this.#record.failed(error);
    const event = { ...ofNoSecret, store: this.name, kind: 'unavailable', error, part } as const;
    if (part === undefined) {
      this.#groups.failAll();
      this.#reportUnavailable(event);
      return;
    }
    this.#parts.set(part, this.#clock.now());
    this.#onEvent(event);
  }

  /** Changes were dropped, or were not written before the client was closed. */
  reportLost(operation: 'write' | 'close', count: number): void {
    const error = lostError(this.name, operation, count);
    this.#record.failed(error, count);
    this.#onEvent({ store: this.name, kind: 'failed', operation, name: undefined, error });
  }

  /** An entry that cannot be trusted was found. */
  reportDropped(name: string | undefined, reason: string): void {
    const error = droppedError(this.name, reason, name);
    this.#record.dropped(error);
    this.#onEvent({ store: this.name, kind: 'dropped', operation: 'read', name, error });
  }

  /** The keys in use that this process does not have. Reported when the first one appears and when the last one is gone. */
  reportForeignKeys(keyIds: readonly string[], reason: string): void {
    const hadForeignKeys = this.#record.hasForeignKeys;
    const error = keyIds.length === 0 ? undefined : foreignKeysError(this.name, reason);
    this.#record.foreignKeys(keyIds, error);
    if (hadForeignKeys === (error !== undefined)) return;
    this.#onEvent({ ...ofNoSecret, store: this.name, kind: 'foreignKeys', error });
  }

  status(queued: number): StoreStatus {
    const groups = this.#groups;
    const partState = this.#parts.size > 0 ? 'partlyUnavailable' : groups.isFailing ? 'failing' : 'working';
    const since = Math.min(groups.since ?? Number.POSITIVE_INFINITY, ...this.#parts.values());
    return {
      store: this.name,
      state: groups.isUnavailable ? 'unavailable' : partState,
      unavailableParts: [...this.#parts.keys()],
      queued,
      failingFor: since === Number.POSITIVE_INFINITY ? undefined : this.#clock.now() - since,
      keyIds: this.store.keyIds ?? [],
      ...this.#record.status,
    };
  }

  #unsubscribe(unsubscribe: (() => void) | undefined): void {
    try {
      unsubscribe?.();
    } catch (cause) {
      this.#fail('subscribe', undefined, { cause });
    }
  }

  #succeed(group: OperationGroup): void {
    if (group === 'change') this.#completedChanges += 1;
    this.#groups.succeed(group);
    if (!this.#groups.isUnavailable) this.#reportRecovered();
  }

  #fail(operation: StoreOperation, secretName: string | undefined, { cause, isCounted = true }: Failure): void {
    const error = operationError(this.name, { operation, secretName, cause });
    this.#record.failed(error);
    const event = { store: this.name, operation, name: secretName, error };
    // The store reports the outage of a part by its events.
    if (error.part !== undefined) return;
    const count = isCounted ? this.#groups.fail(groupOf(operation)) : 0;
    if (count >= failureThreshold) this.#reportUnavailable({ ...event, kind: 'unavailable' });
    else if (this.#reported === 'nothing') {
      this.#reported = 'failed';
      this.#onEvent({ ...event, kind: 'failed' });
    }
  }

  #reportUnavailable(event: SecretEvents['store']): void {
    if (this.#reported === 'unavailable') return;
    this.#reported = 'unavailable';
    this.#onEvent(event);
  }

  #reportRecovered(): void {
    if (this.#reported === 'failed' && this.#groups.isFailing) return;
    const wasUnavailable = this.#reported === 'unavailable';
    this.#reported = 'nothing';
    if (!wasUnavailable) return;
    this.#onEvent({ ...ofNoSecret, store: this.name, kind: 'recovered' });
    this.#onRecovered();
  }

  /** The time begins when the store is prepared. `waited` is the preparation that was waited for. */
  #withTimeout<Value>(running: Promise<Value>, waited?: Promise<unknown>): Promise<Value> {
    const { preparing } = this.store;
    if (preparing !== undefined && preparing !== waited) {
      const start = (): Promise<Value> => this.#withTimeout(running, preparing);
      return Promise.race([running, preparing.then(start, start)]);
    }
    const onTimeout = (): Promise<Value> => {
      // The operation itself may have started it.
      const current = this.store.preparing;
      if (current !== undefined && current !== waited) return this.#withTimeout(running, waited);
      throw new StoreTimeout(`no response within ${formatDuration(this.#timeout)} (storeTimeout)`);
    };
    return withTimeout(running, this.#clock, { ms: this.#timeout, onTimeout });
  }
}

/** The fields of an event of a store as a whole. */
const ofNoSecret = { operation: undefined, name: undefined, error: undefined } as const;

/** Turns a synchronous exception into a rejection. */
async function rejecting<Value>(act: () => Promise<Value>): Promise<Value> {
  return act();
}
