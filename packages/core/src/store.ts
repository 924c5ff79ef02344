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
  /** Milliseconds since 1970: when it was asked for, so that an older answer never replaces a newer one. */
  readonly fetchedAt: number;
}

/**
 * Where secrets outlive the process.
 *
 * A key is the whole request: name, stage, version. A name is never a path: it may hold `/` and `..`, so a store on disk
 * hashes it. What cannot be read is as if it were not there; a store that cannot work at all rejects.
 */
export interface SecretStore {
  read(request: SecretRequest): Promise<StoredSecret | undefined>;
  /** Keeps `secret`, unless what is there was fetched later. */
  write(request: SecretRequest, secret: StoredSecret): Promise<void>;
  /** Removing what is not there is not an error. */
  remove(request: SecretRequest): Promise<void>;
  close(): Promise<void>;
}
