import { createHmac } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { SecretRequest } from '../secret/secret-request.ts';

/** Where an entry is stored. Only hashes: the name of the secret cannot be read or guessed without the key. */
export interface EntryLocation {
  /** 16 hex digits that identify the key. */
  readonly keyId: string;
  /** 32 hex digits, the same for all stages and versions of a secret. */
  readonly nameHash: string;
  /** 32 hex digits of the whole request: name, stage, version. */
  readonly requestHash: string;
}

/** The location of a request under each key, the key that writers use first. */
export type EntryLocations = readonly [EntryLocation, ...EntryLocation[]];

/** A key that hashes names and requests. */
export interface HashKey {
  readonly id: string;
  readonly hashKey: KeyObject;
}

/** At most twice as many locations are kept: the names may be those of the users of an application. */
const generationSize = 1_024;

/** Computes locations, and keeps those of the last requests: two HMACs take longer than to encrypt a secret of 1 KB. */
export class Locations {
  readonly #keys: readonly [HashKey, ...HashKey[]];
  /** When `#recent` is full it replaces `#older`: a request that is repeated stays in one of them. */
  #recent = new Map<string, EntryLocations>();
  #older: ReadonlyMap<string, EntryLocations> = new Map();

  constructor(keys: readonly [HashKey, ...HashKey[]]) {
    this.#keys = keys;
  }

  of(request: SecretRequest): EntryLocations {
    const parts = requestParts(request);
    const text = JSON.stringify(parts);
    const recent = this.#recent.get(text);
    if (recent !== undefined) return recent;
    const found = this.#older.get(text) ?? this.#compute(parts, text);
    if (this.#recent.size >= generationSize) {
      this.#older = this.#recent;
      this.#recent = new Map();
    }
    this.#recent.set(text, found);
    return found;
  }

  #compute([name]: RequestParts, text: string): EntryLocations {
    const [first, ...others] = this.#keys;
    // JSON lists of different lengths: no name can have the hash of a request.
    const nameText = JSON.stringify([name]);
    const locate = ({ id, hashKey }: HashKey): EntryLocation => ({
      keyId: id,
      nameHash: hash(hashKey, nameText),
      requestHash: hash(hashKey, text),
    });
    return [locate(first), ...others.map(locate)];
  }
}

export type RequestParts = readonly [name: string, stage: string | null, versionId: string | null];

/** The request as JSON contains it. */
export function requestParts({ name, stage, versionId }: SecretRequest): RequestParts {
  return [name, stage ?? null, versionId ?? null];
}

function hash(key: KeyObject, text: string): string {
  return createHmac('sha256', key).update(text).digest('hex').slice(0, 32);
}
