import type { SecretRotation } from '../secret/secret.ts';
import type { SecretRequest } from './transport.ts';

/** A secret as a store keeps it: everything needed to make the `Secret` again. `value` is the secret itself. */
export interface StoredSecret {
  readonly name: string;
  readonly versionId: string;
  readonly stages: readonly string[];
  readonly type: string;
  readonly dataType: 'text' | 'binary';
  readonly value: string;
  /** Milliseconds since 1970. */
  readonly createdAt?: number | undefined;
  /** Only of managed secrets; so is `extendedConfig`. */
  readonly rotation?: SecretRotation | undefined;
  readonly extendedConfig?: Readonly<Record<string, unknown>> | undefined;
  /** Milliseconds since 1970: when it was asked for, so that an older answer never replaces a newer one. */
  readonly fetchedAt: number;
}

/** What a store tells by itself; nothing here is secret. */
export type StoreNews =
  /** Another process has written a secret that was fetched then. */
  | { readonly kind: 'written'; readonly request: SecretRequest; readonly fetchedAt: number }
  /** Another process has removed a secret, which KMS refused to it. */
  | { readonly kind: 'removed'; readonly name: string }
  /** An entry that could not be trusted (torn, foreign, exchanged) is gone; `name` where it is known. */
  | { readonly kind: 'dropped'; readonly name: string | undefined; readonly reason: string }
  /** Where the secrets are kept cannot be reached, or can again. */
  | { readonly kind: 'away'; readonly reason: string }
  | { readonly kind: 'back' };

/** The right to ask KMS for a secret while the others that share the store wait for what comes. */
export interface StoreLease {
  /** Gives it back; that it has run out meanwhile is not an error. */
  release(): Promise<void>;
}

/**
 * Where secrets outlive the process.
 *
 * A key is the whole request: name, stage, version. A name is never a path: it may hold `/` and `..`, so a store on disk
 * hashes it. What cannot be read is as if it were not there; a store that cannot work at all rejects.
 *
 * `listen` and `lease` are for stores that several processes share; a store without them is asked and written alone.
 */
export interface SecretStore {
  /** What it is and where, as an operator would write it, such as `file store /var/cache/app`. */
  readonly name: string;
  read(request: SecretRequest): Promise<StoredSecret | undefined>;
  /** Keeps `secret`, unless what is there was fetched later. */
  write(request: SecretRequest, secret: StoredSecret): Promise<void>;
  /** Removing what is not there is not an error. */
  remove(request: SecretRequest): Promise<void>;
  /** Removes every stage and version of a secret, by the name that was asked for. */
  removeAll(name: string): Promise<void>;
  /** Calls `listener` with what the store tells by itself; returns a function that ends it. */
  listen?(listener: (news: StoreNews) => void): () => void;
  /**
   * The right to ask KMS for this secret, for `ms` at the most; `undefined` while another process has it. Whoever does not
   * get it waits for `written` until then, and no longer: a holder that dies holds up nobody for good.
   */
  lease?(request: SecretRequest, ms: number): Promise<StoreLease | undefined>;
  close(): Promise<void>;
}
