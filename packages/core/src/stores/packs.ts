import type { SecretRequest } from '../transport.ts';
import type { Envelope, KeptSecret, Note, Place, SealProblem } from './envelope.ts';
import type { PackLine } from './pack.ts';
import { aboutOf, boundOf, compareLines, everyRequest, readPack } from './pack.ts';
import type { SecretFolder } from './secret-folder.ts';

export interface PacksParts {
  readonly folder: SecretFolder;
  readonly envelope: Envelope;
  /** Something cannot be trusted; `name` is the secret's, where it is known. */
  readonly onDropped: (reason: string, name: string | undefined) => void;
}

/** One file, as it is in memory for a while: files never change, so it is what is on the disk or was. */
export interface Pack {
  readonly file: string;
  readonly keyId: string;
  readonly size: number;
  readonly lines: Map<string, PackLine>;
  /** Something in it cannot be trusted: it is to be replaced. */
  isDamaged: boolean;
}

/** What counts of a request, and the file that it stands in, if it is in one yet. */
export interface Best {
  readonly pack: Pack | undefined;
  readonly line: PackLine;
  readonly opened: KeptSecret | Note;
}

type Candidate = Omit<Best, 'opened'>;

const packFile = /^([\da-f]{16})-[\da-f]{16}\.v1$/u;

/**
 * The files of a folder, each written once by one process, together with what counts of them.
 *
 * Nobody locks anything: processes only ever add files, and take away those whose lines stand in another one. So whatever
 * two of them do at the same time, or leave undone when they are killed, `compareLines` finds the same answer afterwards.
 */
export class Packs {
  readonly envelope: Envelope;
  readonly #folder: SecretFolder;
  readonly #onDropped: PacksParts['onDropped'];
  readonly #keyIds: ReadonlySet<string>;
  readonly #packs = new Map<string, Pack>();
  /** Lines that we have opened or written; not what is in them. */
  readonly #trusted = new WeakSet<PackLine>();
  readonly #told = new Set<string>();

  constructor({ folder, envelope, onDropped }: PacksParts) {
    this.#folder = folder;
    this.envelope = envelope;
    this.#onDropped = onDropped;
    this.#keyIds = new Set(envelope.places({ name: '' }).map(({ keyId }) => keyId));
  }

  /** Sees what other processes have written and taken away. */
  async look(): Promise<void> {
    // A file that is gone between the list and the read stands, merged, in a newer list.
    for (let tries = 0; tries < 16; tries += 1) {
      const files = await this.#folder.list();
      const ours = new Set(files.filter((file) => this.#keyIds.has(packFile.exec(file)?.[1] ?? '')));
      this.#tellOfStrangers(files.filter((file) => packFile.test(file) && !ours.has(file)).length);
      const missing = [...ours].filter((file) => !this.#packs.has(file));
      const read = await Promise.all(missing.map((file) => this.#readPack(file)));
      if (read.includes(false)) continue;
      // Only now: a line is never nowhere for those who look for it meanwhile.
      for (const file of this.#packs.keys()) if (!ours.has(file)) this.#packs.delete(file);
      return;
    }
  }

  get all(): readonly Pack[] {
    return [...this.#packs.values()];
  }

  /** Forgets what is on the disk; the next look reads it anew. */
  forget(): void {
    this.#packs.clear();
  }

  find(request: SecretRequest): KeptSecret | undefined {
    const best = this.best(request);
    return best !== undefined && 'secret' in best.opened ? best.opened : undefined;
  }

  /** What counts of a request: what is trusted of the lines of its place, or of the note that all of its name was removed. */
  best(request: SecretRequest, fresh: ReadonlyMap<string, PackLine> = new Map()): Best | undefined {
    const keys = this.envelope
      .places(request)
      .flatMap(({ name, request: whole }) => [name + whole, name + everyRequest]);
    const candidates = [undefined, ...this.#packs.values()]
      .flatMap((pack) => keys.map((key) => ({ pack, line: (pack?.lines ?? fresh).get(key) })))
      .filter((candidate): candidate is Candidate => candidate.line !== undefined)
      .toSorted((one, other) => compareLines(other.line, one.line));
    for (const { pack, line } of candidates) {
      const opened = this.open(line);
      if (!('problem' in opened)) return { pack, line, opened };
      if (pack !== undefined) this.drop({ pack, line, ...opened, name: request.name });
    }
    return undefined;
  }

  open(line: PackLine): KeptSecret | Note | SealProblem {
    const opened =
      line.kind === 'secret'
        ? this.envelope.open(line.sealed, line.place, boundOf(line))
        : this.envelope.openNote(line.sealed, aboutOf(line));
    if (!('problem' in opened)) this.#trusted.add(line);
    return opened;
  }

  isTrusted(line: PackLine): boolean {
    return this.#trusted.has(line);
  }

  drop({ pack, line, problem, name }: SealProblem & Candidate & { readonly pack: Pack; readonly name?: string }): void {
    pack.lines.delete(keyOf(line));
    pack.isDamaged = true;
    this.#tell(`An entry of the file ${pack.file} ${problem}: it is dropped.`, name);
  }

  /** Makes one pack of the new lines, and of those of the files that it takes the place of. */
  async replace(
    file: string,
    next: { readonly lines: readonly PackLine[]; readonly bytes: Buffer; readonly replaced: Iterable<Pack> },
  ): Promise<void> {
    if (next.lines.length > 0) {
      await this.#folder.put(file, next.bytes);
      for (const line of next.lines) this.#trusted.add(line);
      this.#packs.set(file, packOf(file, next.lines, next.bytes.length));
    }
    const replaced = [...next.replaced];
    await Promise.all(replaced.map((pack) => this.#folder.remove(pack.file)));
    for (const pack of replaced) this.#packs.delete(pack.file);
  }

  /** False if it is gone. */
  async #readPack(file: string): Promise<boolean> {
    const bytes = await this.#folder.read(file);
    if (bytes === undefined) return false;
    const { lines, problem } = readPack(bytes);
    if (problem !== undefined) this.#tell(`The file ${file} ${problem}: what stands before that is used.`, undefined);
    this.#packs.set(file, { ...packOf(file, lines, bytes.length), isDamaged: problem !== undefined });
    return true;
  }

  /** A file of other keys is no damage: deleting each other's would be a war between two processes that both mean well. */
  #tellOfStrangers(count: number): void {
    if (count === 0) return;
    const reason = `Files of ${this.#folder.path} were sealed with other keys than ours: nothing in them is seen, and they are left to their owner.`;
    this.#tell(reason, undefined);
  }

  /** Once: until it is mended, each look finds it again. */
  #tell(reason: string, name: string | undefined): void {
    const what = `${reason} ${name}`;
    if (this.#told.has(what)) return;
    if (this.#told.size >= 1_024) this.#told.clear();
    this.#told.add(what);
    this.#onDropped(reason, name);
  }
}

export function keyOf({ place }: { readonly place: Omit<Place, 'keyId'> }): string {
  return place.name + place.request;
}

function packOf(file: string, lines: readonly PackLine[], size: number): Pack {
  const pack: Pack = { file, keyId: packFile.exec(file)?.[1] ?? '', size, lines: new Map(), isDamaged: false };
  for (const line of lines) {
    const other = pack.lines.get(keyOf(line));
    if (other === undefined || compareLines(line, other) > 0) pack.lines.set(keyOf(line), line);
  }
  return pack;
}
