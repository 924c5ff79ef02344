import type { Clock } from '../time/clock.ts';
import { isSecretError, safeMessage, StoreError } from '../secret/errors.ts';
import type { SecretEvents } from '../secret/events.ts';
import { formatDuration } from '../time/duration.ts';
import type { StoreStatus } from '../secret/status.ts';
import type { SecretStore, StoreEvent } from '../ports/store.ts';
import { withTimeout } from '../time/deadline.ts';

export type StoreOperation = SecretEvents['store']['operation'];
export type TellStore = (event: SecretEvents['store']) => void;

/** So many failures in a row are no accident: from then on the store is left alone for a while. */
const mostFailures = 3;

/** For how long it is left alone; doubled each time that one try in between fails too. */
const firstRest = 1_000;
const longestRest = 30_000;

/** Reads may hang while writes go well, and the other way round: each kind of operation has its own record. */
type Kind = 'read' | 'change' | 'lease';

interface Trouble {
  /** In a row. */
  readonly failures: number;
  /** For how long it is left alone, and until when; `rest` is 0 as long as it is not. */
  readonly rest: number;
  readonly until: number;
}

/**
 * A store that can hold up nobody: whatever is asked of it ends within its time, and comes to nothing rather than to an
 * error. What keeps failing is not tried at all for a while, and an outage is told once.
 */
export class GuardedStore {
  readonly store: SecretStore;
  readonly #clock: Clock;
  readonly #timeout: number;
  readonly #tell: TellStore;
  readonly #onBack: () => void;
  readonly #troubles = new Map<Kind, Trouble>();
  /** What has been told of the outage that lasts. */
  #told: 'nothing' | 'failed' | 'unavailable' = 'nothing';
  #failures = 0;
  #changes = 0;
  #last: { readonly error: StoreError; readonly at: number } | undefined;

  constructor(parts: {
    readonly store: SecretStore;
    readonly clock: Clock;
    /** Milliseconds for one operation. */
    readonly timeout: number;
    readonly tell: TellStore;
    /** It works again after having been away. */
    readonly onBack: () => void;
  }) {
    this.store = parts.store;
    this.#clock = parts.clock;
    this.#timeout = parts.timeout;
    this.#tell = parts.tell;
    this.#onBack = parts.onBack;
  }

  get name(): string {
    return this.store.name;
  }

  /** How many operations have failed. */
  get failures(): number {
    return this.#failures;
  }

  /** How many changes it has taken. */
  get changes(): number {
    return this.#changes;
  }

  /** Milliseconds for which an operation is not tried. */
  restsFrom(operation: StoreOperation): number {
    const trouble = this.#troubles.get(kindOf(operation));
    return trouble === undefined ? 0 : Math.max(trouble.until - this.#clock.now(), 0);
  }

  /** What the operation gave; `undefined` if it failed, or was not even begun. Never rejects. */
  async attempt<Value>(
    operation: StoreOperation,
    secretName: string | undefined,
    act: (store: SecretStore) => Promise<Value>,
  ): Promise<{ readonly value: Value } | undefined> {
    if (this.restsFrom(operation) > 0) return undefined;
    const kind = kindOf(operation);
    const trouble = this.#troubles.get(kind);
    // One try at a time after a rest: whoever else comes meanwhile goes on without it.
    if (trouble !== undefined && trouble.rest > 0) {
      this.#troubles.set(kind, { ...trouble, until: this.#clock.now() + this.#timeout });
    }
    try {
      const value = await this.#inTime(startedBy(() => act(this.store)));
      this.#succeed(kind);
      return { value };
    } catch (cause) {
      this.#fail(operation, secretName, cause);
      return undefined;
    }
  }

  /** Begins to listen, if the store tells anything; returns a function that ends it. Never throws. */
  subscribe(listener: (news: StoreEvent) => void): () => void {
    const hear = (news: StoreEvent): void => {
      try {
        listener(news);
      } catch {
        // What makes no sense is no news, and nothing that whoever tells it should suffer from.
      }
    };
    try {
      const leave = this.store.subscribe?.(hear);
      return () => this.#leave(leave);
    } catch (cause) {
      this.#fail('subscribe', undefined, cause);
      return () => {};
    }
  }

  /** Whether it works or not, it must give back what it holds. Never rejects. */
  async close(): Promise<void> {
    try {
      await this.#inTime(startedBy(() => this.store.close()));
    } catch (cause) {
      this.#fail('close', undefined, cause);
    }
  }

  /** The store says itself that it can be reached again. */
  works(): void {
    this.#troubles.clear();
    this.#tellBack();
  }

  /** The store says itself that it cannot be reached. */
  isAway(reason: string): void {
    const error = new StoreError(`${this.name} is away: ${reason}.`);
    this.#note(error);
    for (const kind of ['read', 'change', 'lease'] as const) this.#rest(kind, mostFailures);
    this.#tellAway({ store: this.name, what: 'unavailable', operation: undefined, name: undefined, error });
  }

  /** An entry that cannot be trusted was met. */
  dropped(name: string | undefined, reason: string): void {
    const what = name === undefined ? 'An entry' : `The entry of secret "${name}"`;
    const error = new StoreError(`${what} in ${this.name} was dropped: ${reason}.`, { secretName: name });
    this.#tell({ store: this.name, what: 'dropped', operation: 'read', name, error });
  }

  status(waiting: number): StoreStatus {
    const last = this.#last;
    const troubles = [...this.#troubles.values()];
    const isAway = troubles.some(({ rest }) => rest > 0);
    return {
      store: this.name,
      state: isAway ? 'unavailable' : troubles.length > 0 ? 'failing' : 'working',
      waiting,
      lastFailure: last && { message: last.error.message, ago: this.#clock.now() - last.at },
    };
  }

  #leave(leave: (() => void) | undefined): void {
    try {
      leave?.();
    } catch (cause) {
      this.#fail('subscribe', undefined, cause);
    }
  }

  #succeed(kind: Kind): void {
    if (kind === 'change') this.#changes += 1;
    this.#troubles.delete(kind);
    if (![...this.#troubles.values()].some(({ rest }) => rest > 0)) this.#tellBack();
  }

  #fail(operation: StoreOperation, secretName: string | undefined, cause: unknown): void {
    const kind = kindOf(operation);
    const what = secretName === undefined ? '' : ` of secret "${secretName}"`;
    const error = new StoreError(`${this.name} failed at a ${String(operation)}${what}: ${safeMessage(cause)}.`, {
      secretName,
      // Of anybody else's error nothing is kept: it may quote what it worked on.
      cause: isSecretError(cause) ? cause : undefined,
    });
    this.#note(error);
    const event = { store: this.name, operation, name: secretName, error };
    const failures = (this.#troubles.get(kind)?.failures ?? 0) + 1;
    this.#rest(kind, failures);
    if (failures >= mostFailures) this.#tellAway({ ...event, what: 'unavailable' });
    else if (this.#told === 'nothing') {
      this.#told = 'failed';
      this.#tell({ ...event, what: 'failed' });
    }
  }

  #rest(kind: Kind, failures: number): void {
    const { rest = 0, until = 0 } = this.#troubles.get(kind) ?? {};
    const now = this.#clock.now();
    // Of many that were under way together, only the first makes the rest longer.
    const isResting = until - now > this.#timeout;
    if (failures < mostFailures) this.#troubles.set(kind, { failures, rest: 0, until: now });
    else if (!isResting) {
      const next = Math.min(Math.max(2 * rest, firstRest), longestRest);
      this.#troubles.set(kind, { failures, rest: next, until: now + next });
    }
  }

  #note(error: StoreError): void {
    this.#failures += 1;
    this.#last = { error, at: this.#clock.now() };
  }

  #tellAway(event: SecretEvents['store']): void {
    if (this.#told === 'unavailable') return;
    this.#told = 'unavailable';
    this.#tell(event);
  }

  #tellBack(): void {
    if (this.#told === 'failed' && this.#troubles.size > 0) return;
    const wasAway = this.#told === 'unavailable';
    this.#told = 'nothing';
    if (!wasAway) return;
    this.#tell({ store: this.name, what: 'recovered', operation: undefined, name: undefined, error: undefined });
    this.#onBack();
  }

  #inTime<Value>(acting: Promise<Value>): Promise<Value> {
    const onTimeout = (): never => {
      throw new StoreError(`it did not answer within ${formatDuration(this.#timeout)} (storeTimeout)`);
    };
    return withTimeout(acting, this.#clock, { ms: this.#timeout, onTimeout });
  }
}

/** What throws at once rejects like what fails later. */
async function startedBy<Value>(act: () => Promise<Value>): Promise<Value> {
  return act();
}

function kindOf(operation: StoreOperation): Kind {
  return operation === 'read' || operation === 'lease' ? operation : 'change';
}
