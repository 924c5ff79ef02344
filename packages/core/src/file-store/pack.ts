import type { EntryLocation } from '../seal/envelope.ts';
import { timestampOf } from '../seal/envelope.ts';

/**
 * One record of a pack: a secret, or a tombstone of one request (`removed`) or of all requests of a name (`removedAll`).
 *
 * Of all records at one location, the one with the highest `generation` is current, and among these the one fetched last.
 * A removal begins a new generation, which invalidates every copy of the old record that another process still writes.
 */
export interface PackRecord {
  readonly kind: 'secret' | 'removed' | 'removedAll';
  readonly generation: number;
  readonly location: Omit<EntryLocation, 'keyId'>;
  readonly sealed: Uint8Array;
  /** Whether this process has unsealed or written it. Not a `WeakSet`: with thousands of records it slows garbage collections. */
  isVerified?: boolean;
}

export interface DecodedPack {
  /** The records up to the first damaged byte. */
  readonly records: readonly PackRecord[];
  /** What is wrong with the file, as a predicate: "is damaged or truncated after 110 bytes". */
  readonly damage?: string | undefined;
  /** A later release wrote the file, so it is kept. */
  readonly isNewer?: true;
}

/** The request hash of a tombstone for all requests of a name. */
export const allRequests: string = '0'.repeat(32);

const magic = Buffer.from('KMSS', 'latin1');
const recordsStart = magic.length + 1;
const recordKinds = ['secret', 'removed', 'removedAll'] as const;
/** The layout of a record, after its length. */
const recordOffsets = { kind: 0, generation: 1, nameHash: 5, requestHash: 21, sealed: 37 } as const;
const lengthBytes = 4;

export function encodePack(records: readonly PackRecord[], version: number): Buffer {
  const lengths = records.map(({ sealed }) => lengthBytes + recordOffsets.sealed + sealed.length);
  const bytes = Buffer.allocUnsafe(lengths.reduce((sum, length) => sum + length, recordsStart));
  magic.copy(bytes);
  bytes[magic.length] = version;
  let at = recordsStart;
  for (const [index, record] of records.entries()) {
    writeRecord(bytes, at, record);
    at += lengths[index] ?? 0;
  }
  return bytes;
}

function writeRecord(bytes: Buffer, at: number, { kind, generation, location, sealed }: PackRecord): void {
  const start = at + lengthBytes;
  bytes.writeUInt32BE(recordOffsets.sealed + sealed.length, at);
  bytes[start + recordOffsets.kind] = recordKinds.indexOf(kind);
  bytes.writeUInt32BE(generation, start + recordOffsets.generation);
  bytes.write(location.nameHash, start + recordOffsets.nameHash, 'hex');
  bytes.write(location.requestHash, start + recordOffsets.requestHash, 'hex');
  bytes.set(sealed, start + recordOffsets.sealed);
}

/** Never throws, whatever the bytes are. */
export function decodePack(bytes: Buffer, version: number): DecodedPack {
  const isPack = bytes.subarray(0, magic.length).equals(magic);
  const packVersion = bytes[magic.length] ?? 0;
  if (isPack && packVersion > version) return { records: [], isNewer: true };
  if (!isPack || packVersion !== version) {
    return { records: [], damage: 'is not a pack of this version of kms-secrets' };
  }
  const records: PackRecord[] = [];
  let at = recordsStart;
  while (at < bytes.length) {
    const start = at + lengthBytes;
    const length = start <= bytes.length ? bytes.readUInt32BE(at) : 0;
    const kind = recordKinds[bytes[start] ?? recordKinds.length];
    if (length <= recordOffsets.sealed || start + length > bytes.length || kind === undefined) {
      return { records, damage: `is damaged or truncated after ${at} bytes` };
    }
    const record = bytes.subarray(start, start + length);
    records.push({
      kind,
      generation: record.readUInt32BE(recordOffsets.generation),
      location: {
        nameHash: record.toString('hex', recordOffsets.nameHash, recordOffsets.requestHash),
        requestHash: record.toString('hex', recordOffsets.requestHash, recordOffsets.sealed),
      },
      sealed: record.subarray(recordOffsets.sealed),
    });
    at = start + length;
  }
  return { records };
}

/** The associated data of a secret: its header without the location, which the envelope authenticates itself. */
export function associatedDataOf({ kind, generation }: Pick<PackRecord, 'kind' | 'generation'>): Buffer {
  const data = Buffer.alloc(recordOffsets.nameHash);
  data[recordOffsets.kind] = recordKinds.indexOf(kind);
  data.writeUInt32BE(generation, recordOffsets.generation);
  return data;
}

/** The context of a tombstone, which authenticates its whole header. */
export function contextOf({ kind, generation, location }: Omit<PackRecord, 'sealed'>): string {
  return `${kind} ${generation} ${location.nameHash} ${location.requestHash}`;
}

/**
 * Above zero if `record` is current and `other` is not. Both must be of one location. In one generation a secret wins over
 * a tombstone: its writer had seen the removal.
 */
export function compareRecords(record: PackRecord, other: PackRecord): number {
  const isSecret = ({ kind }: PackRecord): number => (kind === 'secret' ? 1 : 0);
  return (
    record.generation - other.generation ||
    isSecret(record) - isSecret(other) ||
    timestampOf(record.sealed) - timestampOf(other.sealed) ||
    0
  );
}

export function locationKey({ location }: Pick<PackRecord, 'location'>): string {
  return location.nameHash + location.requestHash;
}

/** The current record of each location. */
export function currentRecords(records: readonly PackRecord[]): Map<string, PackRecord> {
  const current = new Map<string, PackRecord>();
  for (const record of records) {
    const key = locationKey(record);
    const other = current.get(key);
    if (other === undefined || compareRecords(record, other) > 0) current.set(key, record);
  }
  return current;
}
