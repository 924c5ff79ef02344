import type { Clock } from '../time/clock.ts';
import { isSecretError, safeMessage, StoreError } from '../secret/errors.ts';
import type { SecretEvents } from '../secret/events.ts';
import { formatDuration } from '../time/duration.ts';
import type { StoreStatus } from '../secret/status.ts';
import type { SecretStore, StoreEvent } from '../ports/store.ts';
import { withTimeout } from '../time/deadline.ts';

type StoreOperation = NonNullable<SecretEvents['store']['operation']>;
/** The name of the secret; `undefined` for an operation on the whole store. */
type MaybeName = string | undefined;
type Act<Value> = (store: SecretStore) => Promise<Value>;
/** `undefined` if the operation failed or was skipped. */
type Outcome<Value> = { readonly value: Value } | undefined;
export type StoreEventListener = (event: SecretEvents['store']) => void;

/** Consecutive failures after which a store is skipped. */
const failureThreshold = 3;
/** Backoff between probes of a skipped store (ms); doubles up to the maximum. */
const initialBackoff = 1_000;
const maxBackoff = 30_000;

/** Operations that share a failure count: reads may hang while writes succeed, such as on a read-only replica. */
type OperationGroup = 'read' | 'change' | 'lease';

interface GroupFailures {
  /** Consecutive. */
  readonly count: number;
  /** Below the threshold: 0. */
  readonly backoff: number;
  /** The clock's `now`. */
  readonly skippedUntil: number;
}

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
 */
export class GuardedStore {
  readonly store: SecretStore;
  readonly #clock: Clock;
  readonly #timeout: number;
  readonly #onEvent: StoreEventListener;
  readonly #onRecovered: () => void;
  readonly #groups = new Map<OperationGroup, GroupFailures>();
  /** What was reported of the current outage. */
  #reported: 'nothing' | 'failed' | 'unavailable' = 'nothing';
  #failures = 0;
  #completedChanges = 0;
  #failingSince: number | undefined;
  #dropped = 0;
  #lastDropped: { readonly message: string; readonly at: number } | undefined;
  #lastFailure: { readonly error: StoreError; readonly at: number } | undefined;

  constructor({ store, clock, timeout, onEvent, onRecovered }: GuardedStoreParts) {
    this.store = store;
    this.#clock = clock;
    this.#timeout = timeout;
    this.#onEvent = onEvent;
    this.#onRecovered = onRecovered;
  }

  get name(): string {
    return this.store.name;
  }

  /** The number of failed operations. */
  get failures(): number {
    return this.#failures;
  }

  /** The number of writes and removals that succeeded. */
  get completedChanges(): number {
    return this.#completedChanges;
  }

  /** Milliseconds until the operation is attempted again; 0 if it is not skipped. */
  skippedFor(operation: StoreOperation): number {
    const group = this.#groups.get(groupOf(operation));
    return group === undefined ? 0 : Math.max(group.skippedUntil - this.#clock.now(), 0);
  }

  /** Resolves to the result of the operation; to `undefined` if it failed or was skipped. Never rejects. */
  async run<Value>(operation: StoreOperation, name: MaybeName, act: Act<Value>): Promise<Outcome<Value>> {
    if (this.skippedFor(operation) > 0) return undefined;
    const group = groupOf(operation);
    const failures = this.#groups.get(group);
    // One probe at a time: concurrent operations are skipped until it has ended.
    if (failures !== undefined && failures.backoff > 0) {
      this.#groups.set(group, { ...failures, skippedUntil: this.#clock.now() + this.#timeout });
    }
    const result = await this.#attempt(operation, name, act);
    if (result !== undefined) this.#succeed(group);
    return result;
  }

  /**
   * Same as `run`, also while the operation is skipped. A success does not end the outage: a full disk and a Redis without memory
   * accept removals, but no writes.
   */
  async runUnskipped<Value>(operation: StoreOperation, name: MaybeName, act: Act<Value>): Promise<Outcome<Value>> {
    if (this.skippedFor(operation) === 0) return this.run(operation, name, act);
    return this.#attempt(operation, name, act);
  }

  async #attempt<Value>(operation: StoreOperation, name: MaybeName, act: Act<Value>): Promise<Outcome<Value>> {
    try {
      return { value: await this.#withTimeout(rejecting(() => act(this.store))) };
    } catch (cause) {
      this.#fail(operation, name, cause);
      return undefined;
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
      this.#fail('subscribe', undefined, cause);
      return () => {};
    }
  }

  /** Also closes a store that is skipped, so that it frees its resources. Never rejects. */
  async close(): Promise<void> {
    try {
      await this.#withTimeout(rejecting(() => this.store.close()));
    } catch (cause) {
      this.#fail('close', undefined, cause);
    }
  }

  /** The store reported that it works again. */
  markRecovered(): void {
    this.#groups.clear();
    this.#failingSince = undefined;
    this.#reportRecovered();
  }

  /** The store reported that it is unavailable. */
  markUnavailable(reason: string): void {
    const error = new StoreError(`${this.name} is unavailable: ${withoutFullStop(reason)}.`);
    this.#record(error);
    for (const group of ['read', 'change', 'lease'] as const) this.#backOff(group, failureThreshold);
    this.#reportUnavailable({ store: this.name, kind: 'unavailable', operation: undefined, name: undefined, error });
  }

  /** Changes were dropped because too many of them waited. */
  reportLost(count: number): void {
    this.#failures += count;
    const message = `${count} changes of ${this.name} were dropped, because too many waited. The next refreshes write the secrets again.`;
    this.#onEvent({
      store: this.name,
      kind: 'failed',
      operation: 'write',
      name: undefined,
      error: new StoreError(message),
    });
  }

  /** An entry that cannot be trusted was found. */
  reportDropped(name: string | undefined, reason: string): void {
    const entry = name === undefined ? 'An entry' : `The entry of secret "${name}"`;
    const message = `${entry} in ${this.name} was dropped: ${withoutFullStop(reason)}.`;
    const error = new StoreError(message, { secretName: name });
    this.#dropped += 1;
    this.#lastDropped = { message, at: this.#clock.now() };
    this.#onEvent({ store: this.name, kind: 'dropped', operation: 'read', name, error });
  }

  status(queued: number): StoreStatus {
    const last = this.#lastFailure;
    const groups = [...this.#groups.values()];
    const isUnavailable = groups.some(({ backoff }) => backoff > 0);
    return {
      store: this.name,
      state: isUnavailable ? 'unavailable' : groups.length > 0 ? 'failing' : 'working',
      queued,
      failingFor: this.#failingSince === undefined ? undefined : this.#clock.now() - this.#failingSince,
      dropped: this.#dropped,
      lastDropped: this.#lastDropped && {
        message: this.#lastDropped.message,
        ago: this.#clock.now() - this.#lastDropped.at,
      },
      lastFailure: last && { message: last.error.message, ago: this.#clock.now() - last.at },
    };
  }

  #unsubscribe(unsubscribe: (() => void) | undefined): void {
    try {
      unsubscribe?.();
    } catch (cause) {
      this.#fail('subscribe', undefined, cause);
    }
  }

  #succeed(group: OperationGroup): void {
    if (group === 'change') this.#completedChanges += 1;
    this.#groups.delete(group);
    if (this.#groups.size === 0) this.#failingSince = undefined;
    if (![...this.#groups.values()].some(({ backoff }) => backoff > 0)) this.#reportRecovered();
  }

  #fail(operation: StoreOperation, secretName: string | undefined, cause: unknown): void {
    const error = this.#errorOf(operation, secretName, cause);
    this.#record(error);
    const event = { store: this.name, operation, name: secretName, error };
    const group = groupOf(operation);
    const count = (this.#groups.get(group)?.count ?? 0) + 1;
    this.#backOff(group, count);
    if (count >= failureThreshold) this.#reportUnavailable({ ...event, kind: 'unavailable' });
    else if (this.#reported === 'nothing') {
      this.#reported = 'failed';
      this.#onEvent({ ...event, kind: 'failed' });
    }
  }

  /** The messages of our own stores already name the store and the secret. */
  #errorOf(operation: StoreOperation, secretName: string | undefined, cause: unknown): StoreError {
    const reason = cause instanceof StoreTimeout ? cause.message : withoutFullStop(safeMessage(cause));
    const about = secretName === undefined ? '' : ` secret "${secretName}"`;
    const isComplete = isSecretError(cause, 'ERR_STORE') && reason.includes(this.name);
    const message = isComplete ? reason : `${this.name} failed to ${verbs[operation]}${about}: ${reason}`;
    // The errors of other code may quote secret values, so they are not kept as causes.
    return new StoreError(`${message}.`, { secretName, cause: isSecretError(cause) ? cause : undefined });
  }

  #backOff(group: OperationGroup, count: number): void {
    const { backoff = 0, skippedUntil = 0 } = this.#groups.get(group) ?? {};
    const now = this.#clock.now();
    // Of concurrent operations that fail together, only the first one doubles the backoff.
    const isBackingOff = skippedUntil - now > this.#timeout;
    if (count < failureThreshold) this.#groups.set(group, { count, backoff: 0, skippedUntil: now });
    else if (!isBackingOff) {
      const next = Math.min(Math.max(2 * backoff, initialBackoff), maxBackoff);
      this.#groups.set(group, { count, backoff: next, skippedUntil: now + next });
    }
  }

  #record(error: StoreError): void {
    this.#failures += 1;
    this.#failingSince ??= this.#clock.now();
    this.#lastFailure = { error, at: this.#clock.now() };
  }

  #reportUnavailable(event: SecretEvents['store']): void {
    if (this.#reported === 'unavailable') return;
    this.#reported = 'unavailable';
    this.#onEvent(event);
  }

  #reportRecovered(): void {
    if (this.#reported === 'failed' && this.#groups.size > 0) return;
    const wasUnavailable = this.#reported === 'unavailable';
    this.#reported = 'nothing';
    if (!wasUnavailable) return;
    this.#onEvent({ store: this.name, kind: 'recovered', operation: undefined, name: undefined, error: undefined });
    this.#onRecovered();
  }

  #withTimeout<Value>(running: Promise<Value>): Promise<Value> {
    const onTimeout = (): Promise<Value> => {
      const waitAgain = (): Promise<Value> => this.#withTimeout(running);
      if (this.store.preparing !== undefined) return this.store.preparing.then(waitAgain, waitAgain);
      throw new StoreTimeout(`no response within ${formatDuration(this.#timeout)} (storeTimeout)`);
    };
    return withTimeout(running, this.#clock, { ms: this.#timeout, onTimeout });
  }
}

class StoreTimeout extends Error {}

const verbs: Readonly<Record<StoreOperation, string>> = {
  read: 'read',
  write: 'write',
  remove: 'remove',
  removeAll: 'remove',
  lease: 'lease',
  subscribe: 'subscribe',
  close: 'close',
};

/** Turns a synchronous exception into a rejection. */
async function rejecting<Value>(act: () => Promise<Value>): Promise<Value> {
  return act();
}

function groupOf(operation: StoreOperation): OperationGroup {
  return operation === 'read' || operation === 'lease' ? operation : 'change';
}

function withoutFullStop(text: string): string {
  return text.replace(/\.$/u, '');
}
