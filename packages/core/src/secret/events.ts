import type { AnySecretError, StoreError } from './errors.ts';
import type { FailureName } from './failures.ts';
import { isThenable } from './is-thenable.ts';
import type { Secret } from './secret.ts';

/** The secret that an event is about. */
export interface SecretRef {
  /** Name or ARN, as it was requested. */
  readonly name: string;
  readonly stage: string | undefined;
  /** The version in memory; without one, the requested version. */
  readonly versionId: string | undefined;
}

/** The events of a client and their payloads. Payloads can be logged: a `Secret` does not print its value. */
export interface SecretEvents {
  /** A cached secret was fetched again, or a newer one was loaded from a store. */
  readonly refreshed: SecretRef & { readonly secret: Secret };
  /**
   * A secret was fetched or loaded in another version than the last one in memory. Emitted after `refreshed`, or alone if the secret was
   * not in memory in between: denied, invalidated, expired, idle or evicted.
   */
  readonly rotated: SecretRef & {
    readonly secret: Secret;
    readonly previousVersionId: string;
    /**
     * The rotation lag: milliseconds from the rotation in KMS to the arrival of the version here, accurate to a second. `undefined` for
     * a secret that KMS does not rotate.
     */
    readonly lag: number | undefined;
  };
  /**
   * A refresh 15 minutes after the announced rotation date, or later, returned the version from before. Emitted once per date. If KMS
   * rotates the secret later, `rotated` follows.
   */
  readonly rotationMissed: SecretRef & {
    /** The announced date, in milliseconds since 1970. */
    readonly nextAt: number;
  };
  /**
   * A read returned a stale value. Emitted for the first such read per secret and outage: not when the TTL ends, and never for a secret
   * that nothing reads. `failed` is emitted by each failed refresh.
   */
  readonly stale: SecretRef & {
    /** Milliseconds since it was fetched. */
    readonly age: number;
    /** Why it could not be refreshed. */
    readonly error: AnySecretError | undefined;
  };
  /** A fetch failed, with all its attempts. */
  readonly failed: SecretRef & { readonly error: AnySecretError };
  /**
   * A secret was removed from memory. `refused`: by KMS. `invalidated`: by `invalidate()`. `expired`: past TTL and
   * `staleIfError`. `idle`: not read for `idleTtl`. `evicted`: memory had more than `limits.maxEntries`.
   */
  readonly dropped: SecretRef & {
    readonly reason: 'refused' | 'invalidated' | 'expired' | 'idle' | 'evicted';
    /** The refusal of KMS; `undefined` for the other reasons. */
    readonly error: AnySecretError | undefined;
  };
  /**
   * The state of a store changed. `failed`: it started to fail. `unavailable`: it keeps failing and is skipped. `recovered`:
   * it works again. These are emitted once per outage, not per operation. `dropped`: a corrupt or foreign entry was removed.
   * `foreignKeys`: the storage is in use with keys that this process does not have; without `error`, it no longer is.
   *
   * With `part`, only that part of the store is unavailable or has recovered, such as a node of a cluster.
   */
  readonly store: {
    /** `SecretStore.name`. */
    readonly store: string;
    readonly kind: 'failed' | 'unavailable' | 'recovered' | 'dropped' | 'foreignKeys';
    /** The operation that failed, if known. */
    readonly operation: 'read' | 'write' | 'remove' | 'removeAll' | 'subscribe' | 'lease' | 'close' | undefined;
    /** The secret, if the event is about one. */
    readonly name: string | undefined;
    readonly error: StoreError | undefined;
    readonly part?: string | undefined;
  };
  /** An endpoint started to fail or has recovered. */
  readonly endpoint: {
    readonly endpoint: string;
    readonly state: 'failing' | 'healthy';
    /** `undefined` if it is healthy. */
    readonly failure: FailureName | undefined;
  };
  /**
   * KMS, or the issuer of temporary credentials, rejects the identity of this client, or accepts it again. Emitted once, not per
   * secret and endpoint. While the identity is rejected, cached secrets are served as stale.
   */
  readonly identity: {
    readonly state: 'rejected' | 'accepted';
    readonly endpoint: string;
    /** The error code of KMS or STS, such as `InvalidAccessKeyId.NotFound`. */
    readonly code: string | undefined;
    /** What was rejected, where it was set and what to do; `undefined` if it is accepted. */
    readonly message: string | undefined;
  };
  /**
   * Temporary credentials could not be renewed, or a client key or certificate authority expires in 30 days, in seven days, in one
   * day, or has expired.
   */
  readonly expiring: {
    readonly kind: 'credentials' | 'clientKey' | 'ca';
    /** What it is, and where it was set. */
    readonly name: string;
    /** Milliseconds; negative if it has expired. */
    readonly expiresIn: number;
    readonly message: string;
  };
  /** The circuit breaker of an endpoint opened or closed. */
  readonly breaker: {
    readonly endpoint: string;
    readonly state: 'open' | 'closed';
    /** Milliseconds until the next probe; `undefined` if the breaker is closed. Grows with each failed probe. */
    readonly probeIn: number | undefined;
    /** `undefined` if the breaker is closed, or opened because the endpoint was slow. */
    readonly failure: FailureName | undefined;
  };
}

/** Every event name, and whether its events are about one secret. A record, so that the compiler finds a missing one. */
const eventNames: Readonly<Record<SecretEventName, boolean>> = {
  refreshed: true,
  rotated: true,
  rotationMissed: true,
  stale: true,
  failed: true,
  dropped: true,
  store: false,
  endpoint: false,
  identity: false,
  expiring: false,
  breaker: false,
};

/** The name of an event. */
export type SecretEventName = keyof SecretEvents;

/** A function that receives the events of one name. It may be asynchronous. */
export type SecretListener<Name extends SecretEventName> = (event: SecretEvents[Name]) => void;

/** Options of `on` and `once`. */
export interface ListenOptions {
  /** Removes the listener when it aborts. */
  readonly signal?: AbortSignal | undefined;
  /**
   * The listener receives only events of this secret, and keeps it fresh until it is removed: a listener without a name does not. The
   * secret is fetched in the background if it is not in memory.
   */
  readonly name?: string | undefined;
  /** The version stage of `name`. Default: that of the client. */
  readonly stage?: string | undefined;
}

/** The secret of a listener with the option `name`. */
export interface ListenScope {
  readonly accepts: (event: SecretRef) => boolean;
  /** Called when the listener is added; returns a function that is called when it is removed. */
  readonly start: () => () => void;
}

/** The channels of `node:diagnostics_channel` on which the events of a client are published. */
export interface EventChannels {
  hasSubscriber(name: SecretEventName): boolean;
  publish(name: SecretEventName, event: SecretEvents[SecretEventName]): void;
}

/** The options of `SecretEmitter.on`. */
export interface EmitterOptions extends Pick<ListenOptions, 'signal'> {
  readonly scope?: ListenScope | undefined;
}

/** A function that removes the listener. `using` calls it at the end of the scope. */
export type Subscription = (() => void) & Disposable;

export function subscription(remove: () => void): Subscription {
  return Object.assign(remove, { [Symbol.dispose]: remove });
}

/**
 * Calls listeners in the order in which they were added. A listener that throws, or whose promise rejects, is reported; it
 * affects neither the other listeners nor the read or refresh that emitted the event.
 */
export class SecretEmitter {
  readonly #listeners = new Map<SecretEventName, Set<(event: never) => void>>();
  readonly #report: (name: SecretEventName, error: unknown) => void;
  readonly #channels: EventChannels | undefined;

  constructor(report: (name: SecretEventName, error: unknown) => void, channels?: EventChannels) {
    this.#report = report;
    this.#channels = channels;
  }

  /** Throws a `TypeError` for an unknown event name, for a listener that is no function and for options that are no object. */
  on<Name extends SecretEventName>(
    name: Name,
    listener: SecretListener<Name>,
    options: EmitterOptions = {},
  ): Subscription {
    checkEventName(name);
    checkListener(name, listener, options);
    const { signal, scope } = options;
    if (scope !== undefined) checkScope(name);
    // Wrapped, so that the same function added twice counts as two listeners.
    const entry = (event: never): unknown => (scope?.accepts(event) === false ? undefined : listener(event));
    let stop: (() => void) | undefined;
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners);
    const remove = (): void => {
      listeners.delete(entry);
      signal?.removeEventListener('abort', remove);
      stop?.();
      stop = undefined;
    };
    if (signal?.aborted !== true) {
      listeners.add(entry);
      signal?.addEventListener('abort', remove, { once: true });
      stop = scope?.start();
    }
    return subscription(remove);
  }

  /** Same as `on`, for the first event only. */
  once<Name extends SecretEventName>(
    name: Name,
    listener: SecretListener<Name>,
    options: EmitterOptions = {},
  ): Subscription {
    checkListener(name, listener, options);
    const remove = this.on(
      name,
      (event) => {
        remove();
        return listener(event);
      },
      options,
    );
    return remove;
  }

  /** Without one, the event need not be built. */
  hasListener(name: SecretEventName): boolean {
    return (this.#listeners.get(name)?.size ?? 0) > 0 || this.#channels?.hasSubscriber(name) === true;
  }

  emit<Name extends SecretEventName>(name: Name, event: SecretEvents[Name]): void {
    this.#channels?.publish(name, event);
    const listeners = this.#listeners.get(name);
    if (listeners === undefined) return;
    // A copy: a listener that is added by a listener does not receive the current event.
    for (const listener of Array.from(listeners)) {
      try {
        const outcome: unknown = listener(event as never); // the map holds a name's own listeners under it
        if (isThenable(outcome)) outcome.then(undefined, (error: unknown) => this.#report(name, error));
      } catch (error) {
        this.#report(name, error);
      }
    }
  }
}

function checkListener(name: string, listener: unknown, options: unknown): void {
  if (typeof listener !== 'function') throw new TypeError(`The listener of "${name}" must be a function.`);
  if (typeof options === 'object' && options !== null) return;
  throw new TypeError(`The options of a listener of "${name}" must be an object.`);
}

function checkScope(name: SecretEventName): void {
  if (eventNames[name]) return;
  throw new TypeError(`A listener of "${name}" cannot have the option name: the event is not about one secret.`);
}

function checkEventName(name: string): void {
  if (Object.hasOwn(eventNames, name)) return;
  throw new TypeError(`Unknown event "${name}". Known events: ${Object.keys(eventNames).join(', ')}.`);
}
