import type { EntryLocation } from '../seal/envelope.ts';
import { momentOf } from '../seal/envelope.ts';

/**
 * One line of a pack: a secret, or that one (all of one name) was removed.
 *
 * Of the lines of one place the one of the highest `generation` counts, and of these the one that was fetched last. Whoever
 * removes begins a new generation: what another process still writes into the one before, or copies from it, is void.
 */
export interface PackLine {
  readonly kind: 'secret' | 'removed' | 'removedAll';
  readonly generation: number;
  readonly place: Omit<EntryLocation, 'keyId'>;
  readonly sealed: Uint8Array;
}

/** What was found in a file, and what is wrong with it from some point on. */
export interface ReadPack {
  readonly lines: readonly PackLine[];
  readonly problem?: string | undefined;
}

/** The request of a line that removes all of a name. */
export const everyRequest: string = '0'.repeat(32);

const magic = Buffer.from('KMSS\u0001', 'latin1');
const kinds = ['secret', 'removed', 'removedAll'] as const;
/** Where the parts of a line begin, after its length. */
const parts = { kind: 0, generation: 1, name: 5, request: 21, sealed: 37 } as const;
const lengthBytes = 4;

export function writePack(lines: readonly PackLine[]): Buffer {
  return Buffer.concat([magic, ...lines.flatMap((line) => [lineHead(line), line.sealed])]);
}

/** Whatever the bytes are, it answers: lines up to where they stop making sense. */
export function readPack(bytes: Buffer): ReadPack {
  if (!bytes.subarray(0, magic.length).equals(magic))
    return { lines: [], problem: 'is no file of this version of kms-secrets' };
  const lines: PackLine[] = [];
  let at = magic.length;
  while (at < bytes.length) {
    const start = at + lengthBytes;
    const length = start <= bytes.length ? bytes.readUInt32BE(at) : 0;
    const kind = kinds[bytes[start] ?? kinds.length];
    if (length <= parts.sealed || start + length > bytes.length || kind === undefined) {
      return { lines, problem: `is damaged or cut short after ${at} bytes` };
    }
    const line = bytes.subarray(start, start + length);
    lines.push({
      kind,
      generation: line.readUInt32BE(parts.generation),
      place: {
        name: line.toString('hex', parts.name, parts.request),
        request: line.toString('hex', parts.request, parts.sealed),
      },
      sealed: line.subarray(parts.sealed),
    });
    at = start + length;
  }
  return { lines };
}

/** What of a line's head is sealed with its secret: its place is by itself. */
export function boundOf({ kind, generation }: Pick<PackLine, 'kind' | 'generation'>): Buffer {
  const bound = Buffer.alloc(parts.name);
  bound[parts.kind] = kinds.indexOf(kind);
  bound.writeUInt32BE(generation, parts.generation);
  return bound;
}

/** The same of a line that says that something was removed, where it is sealed as a note. */
export function aboutOf({ kind, generation, place }: Omit<PackLine, 'sealed'>): string {
  return `${kind} ${generation} ${place.name} ${place.request}`;
}

/** Above zero if `line` counts and not `other`, both of one place. A secret was written by one who knew of the removal. */
export function compareLines(line: PackLine, other: PackLine): number {
  const isSecret = ({ kind }: PackLine): number => (kind === 'secret' ? 1 : 0);
  return (
    line.generation - other.generation ||
    isSecret(line) - isSecret(other) ||
    momentOf(line.sealed) - momentOf(other.sealed) ||
    0
  );
}

function lineHead({ kind, generation, place, sealed }: PackLine): Buffer {
  const length = Buffer.alloc(lengthBytes);
  length.writeUInt32BE(parts.sealed + sealed.length);
  return Buffer.concat([length, boundOf({ kind, generation }), Buffer.from(place.name + place.request, 'hex')]);
}
