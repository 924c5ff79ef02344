import { randomBytes } from 'node:crypto';
import { toSecretRequest } from '../secret/secret-request.ts';
import type { SecretRequest } from '../secret/secret-request.ts';
import type { EnvelopeMessage, SecretEntry } from '../seal/envelope.ts';
import { timestampOf } from '../seal/envelope.ts';
import type { PackRecord } from './pack.ts';
import { allRequests, associatedDataOf, compareRecords, contextOf, encodePack, locationKey } from './pack.ts';
import type { Pack, Packs } from './packs.ts';

/** A change to the folder. `repair` only rewrites damaged packs. */
export type FolderChange =
  | ({ readonly kind: 'write' } & SecretEntry)
  | { readonly kind: 'remove'; readonly request: SecretRequest }
  | { readonly kind: 'removeAll'; readonly name: string }
  | { readonly kind: 'repair' };

/** Above this number of files, those of similar size are merged into one. */
const maxPacks = 8;
/** A fetch time further ahead than this (ms) comes from a wrong clock: any other entry replaces it. */
const maxClockSkew = 60_000;
/** How long a tombstone is kept (ms). No process writes a value that it fetched longer ago than this. */
const tombstoneLifetime = 86_400_000;

/** Applies changes together: writes one pack for all of them, and deletes the packs that it replaces. */
export class Commit {
  readonly #packs: Packs;
  readonly #now: number;
  readonly #added = new Map<string, PackRecord>();
  readonly #replaced = new Set<Pack>();
  /** The packs that hold an entry to remove; all of them are replaced. */
  readonly #removedFrom = new Set<Pack>();

  /** `now` is in milliseconds since 1970. */
  constructor(packs: Packs, now: number) {
    this.#packs = packs;
    this.#now = now;
  }

  async run(changes: readonly FolderChange[]): Promise<void> {
    for (const change of changes) this.#apply(change);
    this.#selectReplaced();
    if (this.#added.size === 0 && this.#replaced.size === 0) return;
    const records = this.#merged();
    const { version } = this.#packs.envelope;
    const file = `${this.#firstKeyId()}-${randomBytes(8).toString('hex')}.v${version}`;
    // Removed and damaged entries must be deleted when this resolves. Merged ones may exist twice for a while.
    const mustDelete = changes.some(({ kind }) => kind !== 'write');
    await this.#packs.replace(file, {
      records,
      bytes: encodePack([...records.values()], version),
      replaced: this.#replaced,
      removedFrom: this.#removedFrom,
      mustDelete,
    });
  }

  #apply(change: FolderChange): void {
    switch (change.kind) {
      case 'write':
        return this.#write(change);
      case 'remove':
        return this.#remove(change.request);
      case 'removeAll':
        return this.#removeAll(change.name);
      case 'repair':
        return undefined;
      default:
        return change satisfies never;
    }
  }

  #write({ request, secret }: SecretEntry): void {
    const locations = this.#packs.envelope.locations(request);
    const current = this.#packs.currentRecord(request.name, locations, this.#added);
    let generation = current?.record.generation ?? 0;
    if (current?.record.kind === 'secret') {
      const fetchedAt = timestampOf(current.record.sealed);
      if (fetchedAt > secret.fetchedAt && fetchedAt <= this.#now + maxClockSkew) return;
      if (fetchedAt > secret.fetchedAt) generation += 1;
      // Records with the same fetch time compare as equal, so the old one must be deleted.
      if (fetchedAt === secret.fetchedAt && current.pack !== undefined) this.#replaced.add(current.pack);
    }
    const [location] = locations;
    const associatedData = associatedDataOf({ kind: 'secret', generation });
    const sealed = this.#packs.envelope.seal({ request, secret }, location, associatedData);
    this.#added.set(locationKey({ location }), { kind: 'secret', generation, location, sealed });
  }

  #remove(request: SecretRequest): void {
    const locations = this.#packs.envelope.locations(request);
    const current = this.#packs.currentRecord(request.name, locations, this.#added);
    if (current?.record.kind !== 'secret' && !this.#packs.hasLaterFiles) return;
    for (const pack of this.#packs.all) {
      // A tombstone hides the entry; replacing the pack also deletes it from the disk.
      if (locations.some((location) => pack.records.has(locationKey({ location })))) this.#removeFrom(pack);
    }
    const generation = (current?.record.generation ?? -1) + 1;
    this.#addTombstone({ kind: 'removed', generation, location: locations[0] }, request);
  }

  #removeAll(name: string): void {
    const locations = this.#packs.envelope.locations({ name });
    const isOfName = ({ location }: PackRecord): boolean =>
      locations.some(({ nameHash }) => nameHash === location.nameHash);
    let generation = -1;
    for (const pack of this.#packs.all) {
      for (const record of [...pack.records.values()].filter(isOfName)) {
        const content = this.#packs.unseal(record);
        // A generation that is not authentic may be the highest there is: counting on from it would overflow.
        if ('reason' in content) this.#packs.dropRecord({ pack, record, ...content, name });
        else generation = Math.max(generation, record.generation);
        this.#removeFrom(pack);
      }
    }
    for (const [key, record] of [...this.#added].filter(([, added]) => isOfName(added))) {
      generation = Math.max(generation, record.generation);
      this.#added.delete(key);
    }
    if (generation < 0 && !this.#packs.hasLaterFiles) return;
    const location = { ...locations[0], requestHash: allRequests };
    this.#addTombstone({ kind: 'removedAll', generation: generation + 1, location }, { name });
  }

  #removeFrom(pack: Pack): void {
    this.#replaced.add(pack);
    this.#removedFrom.add(pack);
  }

  #addTombstone(header: Omit<PackRecord, 'sealed'>, request: SecretRequest): void {
    const message = { timestamp: this.#now, text: JSON.stringify(request) };
    this.#added.set(locationKey(header), this.#tombstone(header, message));
  }

  #tombstone(header: Omit<PackRecord, 'sealed'>, message: EnvelopeMessage): PackRecord {
    return { ...header, sealed: this.#packs.envelope.sealMessage(message, contextOf(header)) };
  }

  /** Adds the packs that this commit should replace besides those of its changes. */
  #selectReplaced(): void {
    const hasOldTombstone = this.#packs.all.some((pack) => this.#hasOldTombstone(pack));
    for (const pack of this.#packs.all) {
      // A tombstone can be dropped only when all files are merged: until then one may hold an entry that it hides.
      if (hasOldTombstone || pack.isDamaged || !this.#isOfFirstKey(pack)) this.#replaced.add(pack);
    }
    const remaining = this.#packs.all.length - this.#replaced.size + (this.#added.size > 0 ? 1 : 0);
    if (remaining > maxPacks) this.#addSmallestPacks();
  }

  /** Merges half of the packs, and those not much larger: each record is copied a few times, not at every commit. */
  #addSmallestPacks(): void {
    let size = 0;
    const sorted = this.#packs.all.toSorted((one, other) => one.size - other.size);
    for (const [index, pack] of sorted.entries()) {
      if (index >= maxPacks / 2 && pack.size > 2 * size) return;
      this.#replaced.add(pack);
      size += pack.size;
    }
  }

  /** The current records among the added and the replaced ones, sealed with the first key, by location. */
  #merged(): Map<string, PackRecord> {
    const records = new Map(this.#added);
    for (const pack of this.#replaced) {
      for (const [foundKey, found] of pack.records) {
        const record = this.#carriedOver(found, pack);
        if (record === undefined) continue;
        const key = record === found ? foundKey : locationKey(record);
        const other = records.get(key);
        if (other === undefined || compareRecords(record, other) > 0) records.set(key, record);
      }
    }
    const replacesAll = this.#replaced.size === this.#packs.all.length;
    const tombstones = new Map([...records].filter(([, { kind }]) => kind !== 'secret'));
    if (tombstones.size === 0) return records;
    for (const [key, record] of records) {
      const tombstone = tombstones.get(record.location.nameHash + allRequests);
      const isHidden = tombstone !== undefined && tombstone !== record && compareRecords(tombstone, record) > 0;
      if (isHidden || (replacesAll && this.#isOldTombstone(record))) records.delete(key);
    }
    return records;
  }

  #hasOldTombstone({ records }: Pack): boolean {
    for (const record of records.values()) if (this.#isOldTombstone(record)) return true;
    return false;
  }

  /** The absolute age, because the calendar may have been set back. */
  #isOldTombstone({ kind, sealed }: PackRecord): boolean {
    return kind !== 'secret' && Math.abs(this.#now - timestampOf(sealed)) > tombstoneLifetime;
  }

  /** The record for the new pack: `undefined` if it is not authentic, sealed again if it has another key. */
  #carriedOver(record: PackRecord, pack: Pack): PackRecord | undefined {
    const isOfFirstKey = this.#isOfFirstKey(pack);
    if (isOfFirstKey && record.isVerified === true) return record;
    const content = this.#packs.unseal(record);
    if ('reason' in content) {
      this.#packs.dropRecord({ pack, record, ...content });
      return undefined;
    }
    if (isOfFirstKey) return record;
    const { envelope } = this.#packs;
    const { kind, generation } = record;
    if ('secret' in content) {
      const [location] = envelope.locations(content.request);
      return { kind, generation, location, sealed: envelope.seal(content, location, associatedDataOf(record)) };
    }
    const request = tombstoneRequest(content);
    // Kept under its old key: without it, an entry that it hides would be current again.
    if (request === undefined) return record;
    const [location] = envelope.locations(request);
    const header = kind === 'removedAll' ? { ...location, requestHash: allRequests } : location;
    return this.#tombstone({ kind, generation, location: header }, content);
  }

  #isOfFirstKey({ keyId }: Pack): boolean {
    return keyId === this.#firstKeyId();
  }

  #firstKeyId(): string {
    return this.#packs.envelope.keyIds[0];
  }
}

/** `undefined` if the text has another form: authentic, but of another version of this package. */
function tombstoneRequest({ text }: EnvelopeMessage): SecretRequest | undefined {
  try {
    return toSecretRequest(JSON.parse(text));
  } catch {
    return undefined;
  }
}
