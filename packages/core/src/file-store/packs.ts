import type { SecretRequest } from '../ports/transport.ts';
import type { Envelope, SecretEntry, EnvelopeMessage, EntryLocation, UnsealFailure } from '../seal/envelope.ts';
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
}

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
  /** Replaced files that are still on the disk: read again, their damaged entries would be reported a second time. */
  readonly #deleting = new Set<string>();
  /** What has the name of a file of ours and is none: it is left to whoever put it there. */
  readonly #passedOver = new Set<string>();
  #cleaning: Promise<unknown> = Promise.resolve();

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
      const known = [this.#packs, this.#passedOver, this.#deleting];
      const missing = [...ours].filter((file) => !known.some((group) => group.has(file)));
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
    this.#passedOver.clear();
  }

  find(request: SecretRequest): SecretEntry | undefined {
    const candidates = this.#candidates(this.envelope.places(request));
    const opened = this.#firstTrusted(candidates, request.name, (line) => this.open(line))?.answer;
    return opened !== undefined && 'secret' in opened ? opened : undefined;
  }

  /** What counts of a request: what is trusted of the lines of its places, or of the note that all of its name was removed. */
  best(name: string, places: readonly EntryLocation[], fresh?: ReadonlyMap<string, PackLine>): Best | undefined {
    const candidates = this.#candidates(places, fresh);
    return this.#firstTrusted(candidates, name, (line) => (this.#trusted.has(line) ? {} : this.open(line)))?.best;
  }

  #firstTrusted<Answer extends object>(
    candidates: readonly Best[],
    name: string,
    check: (line: PackLine) => Answer | UnsealFailure,
  ): { readonly best: Best; readonly answer: Answer } | undefined {
    for (const best of candidates) {
      const answer = check(best.line);
      if (!isProblem(answer)) return { best, answer };
      const { pack, line } = best;
      if (pack !== undefined) this.drop({ pack, line, ...answer, name });
    }
    return undefined;
  }

  /** The lines that may count, the best first. */
  #candidates(places: readonly EntryLocation[], fresh?: ReadonlyMap<string, PackLine>): readonly Best[] {
    const found: Best[] = [];
    const collect = (lines: ReadonlyMap<string, PackLine>, pack: Pack | undefined): void => {
      for (const { name, request } of places) {
        for (const key of [name + request, name + everyRequest]) {
          const line = lines.get(key);
          if (line !== undefined) found.push({ pack, line });
        }
      }
    };
    if (fresh !== undefined) collect(fresh, undefined);
    for (const pack of this.#packs.values()) collect(pack.lines, pack);
    return found.length < 2 ? found : found.toSorted((one, other) => compareLines(other.line, one.line));
  }

  open(line: PackLine): SecretEntry | EnvelopeMessage | UnsealFailure {
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

  drop({ pack, line, problem, name }: UnsealFailure & Dropped): void {
    pack.lines.delete(keyOf(line));
    pack.isDamaged = true;
    this.#tell(`An entry of the file ${pack.file} ${problem}: it is dropped.`, name);
  }

  /** Makes one pack of lines, and takes away the files that it replaces: at once where something must go, else when there is time. */
  async replace(file: string, { lines, bytes, replaced, isUrgent }: Replacement): Promise<void> {
    if (lines.length > 0) {
      await this.#folder.put(file, bytes);
      for (const line of lines) this.#trusted.add(line);
      this.#packs.set(file, packOf(file, lines, bytes.length));
    }
    const gone = Promise.all([...replaced].map((pack) => this.#delete(pack.file)));
    if (isUrgent) await gone;
    // What stays is seen again, and replaced again.
    else this.#cleaning = gone.catch(() => {});
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

  /** Resolves when nothing is being taken away. */
  async settled(): Promise<void> {
    await this.#cleaning;
  }

  /** False if it is gone. */
  async #readPack(file: string): Promise<boolean> {
    const bytes = await this.#folder.read(file);
    if (bytes === undefined) return false;
    if ('problem' in bytes) {
      this.#passedOver.add(file);
      this.#tell(`What stands in place of the file ${file} ${bytes.problem}: it is passed over.`, undefined);
      return true;
    }
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

/** A new file, and those whose place it takes. */
export interface Replacement {
  readonly lines: readonly PackLine[];
  readonly bytes: Buffer;
  readonly replaced: ReadonlySet<Pack>;
  readonly isUrgent: boolean;
}

/** A line that is not trusted; `name` is the secret's, where it is known. */
interface Dropped {
  readonly pack: Pack;
  readonly line: PackLine;
  readonly name?: string;
}

function isProblem(verdict: object): verdict is UnsealFailure {
  return 'problem' in verdict;
}

export function keyOf({ place }: { readonly place: Omit<EntryLocation, 'keyId'> }): string {
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
