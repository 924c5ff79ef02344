import type { SecretRequest } from '../secret/secret-request.ts';
import type { EntryLocation, Envelope, EnvelopeMessage, SecretEntry, UnsealFailure } from '../seal/envelope.ts';
import type { PackRecord } from './pack.ts';
import { isNewerFormat } from '../seal/envelope.ts';
import { formatVersions } from '../seal/format-versions.ts';
import {
  allRequests,
  associatedDataOf,
  compareRecords,
  contextOf,
  currentRecords,
  decodePack,
  locationKey,
} from './pack.ts';
import { errorCode } from '../secret/is-error.ts';
import type { SecretFolder } from './secret-folder.ts';

export interface PacksParts {
  readonly folder: SecretFolder;
  /** Its version is that of the packs. */
  readonly envelope: Envelope;
  /** Reports data that cannot be trusted. `reason` has no full stop; `name` is the secret's, if it is known. */
  readonly onDropped: (reason: string, name: string | undefined) => void;
}

/** A pack file in memory. Files never change, so it is what the file holds, or held before it was deleted. */
export interface Pack {
  readonly file: string;
  readonly keyId: string;
  readonly size: number;
  /** The current record of each location. */
  readonly records: Map<string, PackRecord>;
  /** Whether it holds tombstones of all requests of a name. */
  readonly hasNameTombstones: boolean;
  /** Something in it cannot be trusted: the next commit replaces it. */
  isDamaged: boolean;
}

/** A record, and the pack that holds it; `undefined` for a record that is not written yet. */
export interface LocatedRecord {
  readonly pack: Pack | undefined;
  readonly record: PackRecord;
}

/** The key id, and the format version. */
const packFile = /^([\da-f]{16})-[\da-f]{16}\.v([1-9]\d*)$/u;
const latestVersion = Math.max(...formatVersions);
/** No space on the device; quota of the user exceeded. */
const fullDiskCodes: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT']);
/** Attempts to read a folder in which other processes replace files. */
const maxRefreshAttempts = 16;
/** Reports remembered, so that each is made once. */
const maxReported = 1_024;

/**
 * The pack files of one format version in a folder. Each file is written once, by one process; this class finds the current
 * record among them.
 *
 * No locks: processes only add files, and delete those whose records are in another file. In whatever order they do so, and
 * wherever they are killed, `compareRecords` gives the same result afterwards.
 */
export class Packs {
  readonly envelope: Envelope;
  readonly #folder: SecretFolder;
  readonly #onDropped: PacksParts['onDropped'];
  readonly #keyIds: ReadonlySet<string>;
  readonly #packs = new Map<string, Pack>();
  readonly #reported = new Set<string>();
  /** Replaced files that are still on the disk: read again, their damaged records would be reported a second time. */
  readonly #deleting = new Set<string>();
  /** Files that are not regular files, are too large, or hold entries of a later format version. They are not deleted. */
  readonly #ignored = new Set<string>();
  #deletions: Promise<unknown> = Promise.resolve();
  #hasLaterFiles = false;
  #foreignKeyIds: ReadonlySet<string> = new Set();

  constructor({ folder, envelope, onDropped }: PacksParts) {
    this.#folder = folder;
    this.envelope = envelope;
    this.#onDropped = onDropped;
    this.#keyIds = new Set(envelope.keyIds);
  }

  /** Loads the files that other processes added, and forgets those that they deleted. */
  async refresh(): Promise<void> {
    // A file that is deleted between the listing and the read was merged into one that a new listing shows.
    for (let attempt = 0; attempt < maxRefreshAttempts; attempt += 1) {
      const files = await this.#folder.list();
      const versions = files.map((file) => ({ file, keyId: keyIdOf(file), version: versionOf(file) }));
      this.#hasLaterFiles = versions.some(({ keyId, version }) => version > latestVersion && this.#keyIds.has(keyId));
      const packs = versions.filter(({ version }) => version === this.envelope.version);
      const ours = new Set(packs.filter(({ keyId }) => this.#keyIds.has(keyId)).map(({ file }) => file));
      this.#foreignKeyIds = new Set(packs.filter(({ file }) => !ours.has(file)).map(({ keyId }) => keyId));
      const known = [this.#packs, this.#ignored, this.#deleting];
      const missing = [...ours].filter((file) => !known.some((group) => group.has(file)));
      const wasThere = await Promise.all(missing.map((file) => this.#load(file)));
      if (wasThere.includes(false)) continue;
      // Last, so that a record that moves to another file can be found at any time.
      for (const file of this.#packs.keys()) if (!ours.has(file)) this.#packs.delete(file);
      return;
    }
  }

  /**
   * Whether the folder has packs of a later release. This one cannot see what they hold, so a removal leaves a tombstone for every
   * name: that release applies it.
   */
  get hasLaterFiles(): boolean {
    return this.#hasLaterFiles;
  }

  /** The ids of keys that this process does not have. Their files are ignored and kept: another process may use them. */
  get foreignKeyIds(): ReadonlySet<string> {
    return this.#foreignKeyIds;
  }

  /** Whether there are files that are sealed with another key than the first one. */
  get hasOldKeys(): boolean {
    return this.all.some(({ keyId }) => keyId !== this.envelope.keyIds[0]);
  }

  get all(): readonly Pack[] {
    return [...this.#packs.values()];
  }

  /** Whether the next commit should replace a damaged file. */
  get isDamaged(): boolean {
    for (const pack of this.#packs.values()) if (pack.isDamaged) return true;
    return false;
  }

  /** Frees the memory; the next `refresh` reads the folder again. */
  clearCache(): void {
    this.#packs.clear();
    this.#ignored.clear();
  }

  /** The current secret or tombstone of a request. */
  read(request: SecretRequest): SecretEntry | EnvelopeMessage | undefined {
    const candidates = this.#candidates(this.envelope.locations(request));
    return this.#firstTrusted(candidates, request.name, (record) => this.unseal(record))?.content;
  }

  /** The current record at these locations, a tombstone of the whole name included. `added` holds records not yet written. */
  currentRecord(
    name: string,
    locations: readonly EntryLocation[],
    added?: ReadonlyMap<string, PackRecord>,
  ): LocatedRecord | undefined {
    const verify = (record: PackRecord): object => (record.isVerified === true ? record : this.unseal(record));
    return this.#firstTrusted(this.#candidates(locations, added), name, verify)?.located;
  }

  #firstTrusted<Content extends object>(
    candidates: LocatedRecord[],
    name: string,
    unseal: (record: PackRecord) => Content | UnsealFailure,
  ): { readonly located: LocatedRecord; readonly content: Content } | undefined {
    for (let located = takeCurrent(candidates); located !== undefined; located = takeCurrent(candidates)) {
      const content = unseal(located.record);
      if (!isFailure(content)) return { located, content };
      const { pack, record } = located;
      if (pack !== undefined) this.dropRecord({ pack, record, ...content, name });
    }
    return undefined;
  }

  /** The records that may be current. */
  #candidates(locations: readonly EntryLocation[], added?: ReadonlyMap<string, PackRecord>): LocatedRecord[] {
    // Computed once, so that the look-ups in all packs share the hash of each string.
    const requestKeys = locations.map((location) => locationKey({ location }));
    const nameKeys = locations.map(({ nameHash }) => nameHash + allRequests);
    const found: LocatedRecord[] = [];
    const collect = (keys: readonly string[], records: ReadonlyMap<string, PackRecord>, pack?: Pack): void => {
      for (const key of keys) {
        const record = records.get(key);
        if (record !== undefined) found.push({ pack, record });
      }
    };
    if (added !== undefined) for (const keys of [requestKeys, nameKeys]) collect(keys, added);
    for (const pack of this.#packs.values()) {
      collect(requestKeys, pack.records, pack);
      if (pack.hasNameTombstones) collect(nameKeys, pack.records, pack);
    }
    return found;
  }

  unseal(record: PackRecord): SecretEntry | EnvelopeMessage | UnsealFailure {
    const content =
      record.kind === 'secret'
        ? this.envelope.unseal(record.sealed, record.location, associatedDataOf(record))
        : this.envelope.unsealMessage(record.sealed, contextOf(record));
    if (!isFailure(content)) record.isVerified = true;
    return content;
  }

  dropRecord({ pack, record, reason, name }: UnsealFailure & UntrustedRecord): void {
    pack.records.delete(locationKey(record));
    pack.isDamaged = true;
    this.#report(`${pack.file} ${locationKey(record)}`, `an entry in ${pack.file} ${reason}`, name);
  }

  /**
   * Writes a pack and deletes the files that it replaces. Awaits their deletion only if `mustDelete`.
   *
   * On a full disk, the files with removed entries are deleted first. That frees their space; if it is not enough, the other
   * entries of these files are lost, but the next process does not serve a secret that KMS refused.
   */
  async replace(file: string, { records, bytes, replaced, removedFrom, mustDelete }: Replacement): Promise<void> {
    if (records.size > 0) {
      try {
        await this.#folder.write(file, bytes);
      } catch (error) {
        if (removedFrom.size === 0 || !fullDiskCodes.has(errorCode(error) ?? '')) throw error;
        await Promise.all([...removedFrom].map((pack) => this.#delete(pack.file)));
        await this.#folder.write(file, bytes);
      }
      for (const record of records.values()) record.isVerified = true;
      this.#packs.set(file, packOf(file, records, bytes.length));
    }
    const deletions = [...replaced].map((pack) => this.#delete(pack.file));
    if (mustDelete) await Promise.all(deletions);
    // A file that could not be deleted is loaded again, and replaced again. Earlier deletions may still be running.
    else this.#deletions = Promise.allSettled([this.#deletions, ...deletions]);
  }

  async #delete(file: string): Promise<void> {
    this.#packs.delete(file);
    this.#deleting.add(file);
    try {
      await this.#folder.remove(file);
    } finally {
      this.#deleting.delete(file);
    }
  }

  /** Resolves when no deletion is running. */
  async deletionsDone(): Promise<void> {
    await this.#deletions;
  }

  /** Resolves to false if the file no longer exists. */
  async #load(file: string): Promise<boolean> {
    const bytes = await this.#folder.read(file);
    if (bytes === undefined) return false;
    if (!Buffer.isBuffer(bytes)) {
      this.#ignored.add(file);
      this.#report(file, `${file} ${bytes.reason}, so it is ignored`, undefined);
      return true;
    }
    const { version } = this.envelope;
    const { records, damage, isNewer } = decodePack(bytes, version);
    if (isNewer === true || records.some(({ sealed }) => isNewerFormat(sealed, keyIdOf(file), version))) {
      this.#ignored.add(file);
      this.#report(
        'newer',
        `${file} was written by a later version of kms-secrets, so it is ignored and kept`,
        undefined,
      );
      return true;
    }
    if (damage !== undefined) this.#report(file, `${file} ${damage}; only the entries before that are used`, undefined);
    const current = currentRecords(records);
    this.#packs.set(file, { ...packOf(file, current, bytes.length), isDamaged: damage !== undefined });
    return true;
  }

  /** Reports once: until a file is repaired, every refresh finds the damage again. */
  #report(subject: string, reason: string, name: string | undefined): void {
    if (this.#reported.has(subject)) return;
    if (this.#reported.size >= maxReported) this.#reported.clear();
    this.#reported.add(subject);
    this.#onDropped(reason, name);
  }
}

/** A new pack, and the packs that it replaces. */
export interface Replacement {
  /** By location. */
  readonly records: Map<string, PackRecord>;
  readonly bytes: Buffer;
  readonly replaced: ReadonlySet<Pack>;
  /** Those of `replaced` that hold an entry to remove. */
  readonly removedFrom: ReadonlySet<Pack>;
  readonly mustDelete: boolean;
}

/** `name` is the secret's, if it is known. */
interface UntrustedRecord {
  readonly pack: Pack;
  readonly record: PackRecord;
  readonly name?: string;
}

/** Removes the record that is current among the candidates, and returns it. */
function takeCurrent(candidates: LocatedRecord[]): LocatedRecord | undefined {
  let current = candidates[0];
  for (const located of candidates) {
    if (current !== undefined && compareRecords(located.record, current.record) > 0) current = located;
  }
  if (current !== undefined) candidates.splice(candidates.indexOf(current), 1);
  return current;
}

function isFailure(content: object): content is UnsealFailure {
  return 'reason' in content;
}

function keyIdOf(file: string): string {
  return packFile.exec(file)?.[1] ?? '';
}

/** 0 for a file that is no pack. */
function versionOf(file: string): number {
  return Number(packFile.exec(file)?.[2] ?? 0);
}

function packOf(file: string, records: Map<string, PackRecord>, size: number): Pack {
  const hasNameTombstones = [...records.keys()].some((key) => key.endsWith(allRequests));
  return { file, keyId: keyIdOf(file), size, records, hasNameTombstones, isDamaged: false };
}
