import type { AnySecretError, StoreError } from './errors.ts';
import type { FailureName } from './failures.ts';
import type { Secret } from './secret.ts';

/** Which secret an event is about: what was asked for, and the version it turned out to be. */
interface AboutSecret {
  /** Name or ARN, as it was asked for. */
  readonly name: string;
  readonly stage: string | undefined;
  readonly versionId: string | undefined;
}

/** What a client tells, by event name. No payload shows a value: `secret` hides it as it always does. */
export interface SecretEvents {
  /** A secret that was in memory has been fetched again. */
  readonly refreshed: AboutSecret & { readonly secret: Secret };
  /** A refresh brought another version than the one before. */
  readonly rotated: AboutSecret & { readonly secret: Secret; readonly previousVersionId: string };
  /** From now on, until it can be refreshed, the old value is served. Told once for each such time. */
  readonly stale: AboutSecret & {
    /** Milliseconds since it was fetched. */
    readonly age: number;
    readonly error: AnySecretError | undefined;
  };
  /** A fetch failed, with all its attempts. */
  readonly failed: AboutSecret & { readonly error: AnySecretError };
  /**
   * A value is no longer kept in memory: KMS refuses it, it was invalidated, it is older than TTL and `staleIfError` allow,
   * nobody has read it for `idleTtl`, or there were more than `limits.maxEntries`.
   */
  readonly dropped: AboutSecret & { readonly reason: 'refused' | 'invalidated' | 'expired' | 'idle' | 'evicted' };
  /**
   * A store began to fail (`failed`), is left alone because it keeps failing (`unavailable`), or works again (`recovered`): each told once
   * an outage, not once an operation. Or an entry that could not be trusted is taken out of it (`dropped`). Reads go on.
   */
  readonly store: {
    readonly store: string;
    readonly what: 'failed' | 'unavailable' | 'recovered' | 'dropped';
    /** What it failed at, where that is known. */
    readonly operation: 'read' | 'write' | 'remove' | 'removeAll' | 'subscribe' | 'lease' | 'close' | undefined;
    /** The secret it was about, where it was about one. */
    readonly name: string | undefined;
    readonly error: StoreError | undefined;
  };
  /** An endpoint began to fail, or answers again. */
  readonly endpoint: {
    readonly endpoint: string;
    readonly state: 'failing' | 'healthy';
    readonly failure: FailureName | undefined;
  };
  /** An endpoint kept failing and is left alone from now on (`open`), or is asked as usual again (`closed`). */
  readonly breaker: {
    readonly endpoint: string;
    readonly state: 'open' | 'closed';
    /** Milliseconds until it is asked again to see how it is; each time that it fails then, it is left alone for longer. */
    readonly probeIn: number | undefined;
    /** `undefined` for one that is too slow. */
    readonly failure: FailureName | undefined;
  };
}

export type SecretEventName = keyof SecretEvents;
export type SecretListener<Name extends SecretEventName> = (event: SecretEvents[Name]) => void;

/**
 * Calls listeners one after the other. A listener that throws, or whose promise rejects, is reported and harms nobody:
 * neither the listeners after it nor the read or refresh that told the event.
 */
export class SecretEmitter {
  readonly #listeners = new Map<SecretEventName, Set<(event: never) => void>>();
  readonly #report: (name: SecretEventName, error: unknown) => void;

  constructor(report: (name: SecretEventName, error: unknown) => void) {
    this.#report = report;
  }

  on<Name extends SecretEventName>(name: Name, listener: SecretListener<Name>): () => void {
    // Wrapped, so that the same function given twice is two listeners, each with its own way out.
    const entry = (event: never): unknown => listener(event);
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners.add(entry));
    return () => {
      listeners.delete(entry);
    };
  }

  emit<Name extends SecretEventName>(name: Name, event: SecretEvents[Name]): void {
    const listeners = this.#listeners.get(name);
    if (listeners === undefined) return;
    // Those there are now: a listener that adds a listener must not be told of it by the same event.
    const told = Array.from(listeners);
    for (const listener of told) {
      try {
        const outcome: unknown = listener(event as never); // the map holds a name's own listeners under it
        if (outcome instanceof Promise) outcome.catch((error: unknown) => this.#report(name, error));
      } catch (error) {
        this.#report(name, error);
      }
    }
  }
}
