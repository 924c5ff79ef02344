import type { SecretRotation } from '../secret/secret-fields.ts';
import type { SecretRequest } from '../secret/secret-request.ts';

/** A secret as a store holds it: all fields that the client needs to create the `Secret` again. */
export interface StoredSecret {
  readonly name: string;
  readonly versionId: string;
  readonly stages: readonly string[];
  readonly type: string;
  readonly dataType: 'text' | 'binary';
  /** The secret itself. */
  readonly value: string;
  /** Milliseconds since 1970. */
  readonly createdAt?: number | undefined;
  /** Only for managed secrets. */
  readonly rotation?: SecretRotation | undefined;
  /** Only for managed secrets. */
  readonly extendedConfig?: Readonly<Record<string, unknown>> | undefined;
  /** When the request to KMS began, in milliseconds since 1970. An older value never replaces a newer one. */
  readonly fetchedAt: number;
}

/** What a store reports to its subscribers. Contains no secret value. */
export type StoreEvent =
  /** Another process wrote a secret, which it fetched at `fetchedAt`. */
  | { readonly kind: 'written'; readonly request: SecretRequest; readonly fetchedAt: number }
  /** Another process wrote this version in a format that this release cannot read. The client requests KMS unless it has it. */
  | { readonly kind: 'changed'; readonly name: string; readonly versionId: string }
  /** Another process removed a secret, because KMS refused it to that process or the process invalidated it. */
  | { readonly kind: 'removed'; readonly name: string }
  /** The store removed an entry that it could not trust: truncated, tampered with or moved. `name` is set if it is known. */
  | { readonly kind: 'dropped'; readonly name: string | undefined; readonly reason: string }
  /**
   * The keys in use that this process does not have: of other processes that share the storage, or of entries in it. Empty if
   * there are none any more. `reason` is a sentence without a full stop, for an operator.
   */
  | { readonly kind: 'foreignKeys'; readonly keyIds: readonly string[]; readonly reason: string }
  /**
   * The store cannot reach its storage, or with `part` a part of it, such as a node of a cluster: it is then used for all other
   * secrets. `reason` is the end of a sentence, without a full stop.
   */
  | { readonly kind: 'unavailable'; readonly reason: string; readonly part?: string | undefined }
  /** The store can reach its storage, or that part of it, again. Events of the time between may be lost. */
  | { readonly kind: 'recovered'; readonly part?: string | undefined };

/** The exclusive right to fetch a secret from KMS while the other processes of the fleet wait for the result. */
export interface StoreLease {
  /** Releases the lease. Resolves if the lease has already expired. */
  release(): Promise<void>;
}

/**
 * Storage in which secrets outlive the process.
 *
 * The key of an entry is the whole request: name, stage and version. A name may contain `/` and `..`: a store on disk must
 * hash it. Methods reject if the storage fails. The client retries a write or removal that rejects, and does not serve the
 * removed value until then. A `StoreError` with `part` says that only a part of the storage failed, of which the store reports
 * the outage by its events: the client goes on using the rest.
 *
 * `subscribe` and `lease` let the processes that share a store coordinate. Without them, each process fetches for itself and
 * finds the values of the others when it reads the store.
 */
export interface SecretStore {
  /** Type and location for logs and events, such as `file store /var/cache/app`. Must not contain credentials. */
  readonly name: string;
  /**
   * Pending while the store derives its keys from a passphrase or connects for the first time. That time does not count towards
   * `storeTimeout`. It must end.
   */
  readonly preparing?: Promise<unknown> | undefined;
  /** Identify the encryption keys and reveal nothing about them. The first one seals. `undefined` before they are derived. */
  readonly keyIds?: readonly string[] | undefined;
  /** Rejects with `StoreError` if the store is configured so that it cannot work. `ready()` then rejects with that error. */
  verify?(): Promise<void>;
  /** Resolves to `undefined` if there is no entry, or if the entry is corrupt. */
  read(request: SecretRequest): Promise<StoredSecret | undefined>;
  /** Writes `secret`, unless the store has an entry that was fetched later. */
  write(request: SecretRequest, secret: StoredSecret): Promise<void>;
  /** Removes one entry. Resolves also if there is none. */
  remove(request: SecretRequest): Promise<void>;
  /** Removes every stage and version of the secret with exactly this name. */
  removeAll(name: string): Promise<void>;
  /** Calls `listener` with every event; returns a function that unsubscribes. */
  subscribe?(listener: (event: StoreEvent) => void): () => void;
  /**
   * Acquires the lease for this request, for at most `ms` milliseconds. Resolves to `undefined` while another process holds it.
   * The client then waits for the event `written`, at most until the lease expires: a holder that dies does not block the
   * others.
   */
  lease?(request: SecretRequest, ms: number): Promise<StoreLease | undefined>;
  /** Closes connections and other resources. Called when the client is closed. */
  close(): Promise<void>;
}
