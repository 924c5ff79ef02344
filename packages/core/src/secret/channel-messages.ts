import type { AnySecretError, Attempt } from './errors.ts';
import type { SecretEventName, SecretEvents } from './events.ts';
import type { FailureName } from './failures.ts';
import type { ClientMonitor } from './monitor.ts';

/**
 * The message of the tracing channel `kms-secrets:fetch`: one object per fetch. The fields after `purpose` are set when the fetch has
 * ended, before `asyncStart`. Contains names of secrets, and never a value.
 */
export interface FetchMessage {
  readonly client: ClientMonitor;
  /** Name or ARN, as it was requested. */
  readonly name: string;
  readonly stage: string | undefined;
  /** The requested version; `undefined` for that of the stage. */
  readonly versionId: string | undefined;
  /** Why it started: for a background refresh, for a read, or for `refresh()`. */
  readonly purpose: 'refresh' | 'read' | 'forced';
  /** Milliseconds from the start to the end. */
  duration?: number | undefined;
  /** The endpoint that returned the secret, or that of the last attempt. `undefined` if a store had the secret. */
  endpoint?: string | undefined;
  /** The failed attempts and the skipped endpoints. */
  attempts?: readonly Attempt[] | undefined;
  /** The failure that decided; `undefined` if the fetch succeeded or was aborted. */
  failure?: FailureName | undefined;
  /** The HTTP status of that failure. */
  status?: number | undefined;
  /** Set if the fetch succeeded. */
  result?: FetchResult | undefined;
  /** Set if the fetch failed. */
  error?: AnySecretError | undefined;
}

/** What a fetch returned, without the value. */
export interface FetchResult {
  readonly versionId: string;
  readonly source: 'kms' | 'store';
}

/** The message of a channel such as `kms-secrets:rotated`: the event of that name without the secret, and its client. */
export type EventMessage<Name extends SecretEventName> = Omit<SecretEvents[Name], 'secret'> & {
  readonly client: ClientMonitor;
};

/** The message of `kms-secrets:created` and `kms-secrets:closed`. */
export interface ClientMessage {
  readonly client: ClientMonitor;
}
