import { randomBytes } from 'node:crypto';
import type { SecretRequest } from '../ports/transport.ts';
import type { SecretEntry, EnvelopeMessage } from '../seal/envelope.ts';
import { momentOf } from '../seal/envelope.ts';
import type { PackLine } from './pack.ts';
import { aboutOf, boundOf, compareLines, everyRequest, writePack } from './pack.ts';
import type { Pack, Packs } from './packs.ts';
import { keyOf } from './packs.ts';

/** What is to be done to the folder. `mend` is nothing but the rewriting of what turned out to be damaged. */
export type Change =
  | ({ readonly kind: 'write' } & SecretEntry)
  | { readonly kind: 'remove'; readonly request: SecretRequest }
  | { readonly kind: 'removeAll'; readonly name: string }
  | { readonly kind: 'mend' };

/** With more files than this, those of like size become one. */
const mostPacks = 8;
/** An answer that claims to come from further ahead than this was written by a wrong clock, and is replaced by any other. */
const clockTolerance = 60_000;
/** No process writes for this long what it fetched before a removal; then the note of it has done its work. */
const noteLife = 86_400_000;

/** Changes that are made together: one file is written for all of them, which takes the place of what they concern. */
export class Round {
  readonly #packs: Packs;
  readonly #now: number;
  readonly #fresh = new Map<string, PackLine>();
  readonly #replaced = new Set<Pack>();

  /** `now` is in milliseconds since 1970. */
  constructor(packs: Packs, now: number) {
    this.#packs = packs;
    this.#now = now;
  }

  async commit(changes: readonly Change[]): Promise<void> {
    for (const change of changes) this.#apply(change);
    const isPast = this.#packs.all.some((pack) => [...pack.lines.values()].some((line) => this.#isOldNote(line)));
    for (const pack of this.#packs.all) {
      // An old note goes when nothing is left that it could speak of: when all files become one.
      if (isPast || pack.isDamaged || !this.#isFirstKey(pack)) this.#replaced.add(pack);
    }
    const left = this.#packs.all.length - this.#replaced.size + (this.#fresh.size > 0 ? 1 : 0);
    if (left > mostPacks) this.#addSmallest();
    if (this.#fresh.size === 0 && this.#replaced.size === 0) return;
    const lines = this.#merged();
    const file = `${this.#firstKeyId()}-${randomBytes(8).toString('hex')}.v1`;
    // What was removed or is damaged is to be gone when this is done; what is only merged stands in two places meanwhile.
    const isUrgent = changes.some(({ kind }) => kind !== 'write');
    await this.#packs.replace(file, { lines, bytes: writePack(lines), replaced: this.#replaced, isUrgent });
  }

  #apply(change: Change): void {
    switch (change.kind) {
      case 'write':
        return this.#write(change);
      case 'remove':
        return this.#remove(change.request);
      case 'removeAll':
        return this.#removeAll(change.name);
      case 'mend':
        return undefined;
      default:
        return change satisfies never;
    }
  }

  #write({ request, secret }: SecretEntry): void {
    const places = this.#packs.envelope.places(request);
    const present = this.#packs.best(request.name, places, this.#fresh);
    let generation = present?.line.generation ?? 0;
    if (present?.line.kind === 'secret') {
      const moment = momentOf(present.line.sealed);
      if (moment > secret.fetchedAt && moment <= this.#now + clockTolerance) return;
      if (moment > secret.fetchedAt) generation += 1;
      // Of two lines of the same moment none counts more: the one before has to go.
      if (moment === secret.fetchedAt && present.pack !== undefined) this.#replaced.add(present.pack);
    }
    const [place] = places;
    const sealed = this.#packs.envelope.seal({ request, secret }, place, boundOf({ kind: 'secret', generation }));
    this.#fresh.set(keyOf({ place }), { kind: 'secret', generation, place, sealed });
  }

  #remove(request: SecretRequest): void {
    const places = this.#packs.envelope.places(request);
    const present = this.#packs.best(request.name, places, this.#fresh);
    if (present?.line.kind !== 'secret') return;
    for (const pack of this.#packs.all) {
      // Not only out of sight: gone from the disk.
      if (places.some((place) => pack.lines.has(keyOf({ place })))) this.#replaced.add(pack);
    }
    const note = { at: this.#now, text: JSON.stringify(request) };
    this.#addNote({ kind: 'removed', generation: present.line.generation + 1, place: places[0] }, note);
  }

  #removeAll(name: string): void {
    const places = this.#packs.envelope.places({ name });
    const isOfName = (line: PackLine): boolean => places.some((place) => place.name === line.place.name);
    let generation = -1;
    for (const pack of this.#packs.all) {
      for (const line of [...pack.lines.values()].filter(isOfName)) {
        const opened = this.#packs.open(line);
        // A generation that is not proven is not counted from: it could be the last there is.
        if ('problem' in opened) this.#packs.drop({ pack, line, ...opened, name });
        else generation = Math.max(generation, line.generation);
        this.#replaced.add(pack);
      }
    }
    for (const [key, line] of [...this.#fresh].filter(([, one]) => isOfName(one))) {
      generation = Math.max(generation, line.generation);
      this.#fresh.delete(key);
    }
    if (generation < 0) return;
    const place = { ...places[0], request: everyRequest };
    const note = { at: this.#now, text: JSON.stringify({ name }) };
    this.#addNote({ kind: 'removedAll', generation: generation + 1, place }, note);
  }

  #addNote(head: Omit<PackLine, 'sealed'>, note: EnvelopeMessage): void {
    this.#fresh.set(keyOf(head), this.#noteLine(head, note));
  }

  #noteLine(head: Omit<PackLine, 'sealed'>, note: EnvelopeMessage): PackLine {
    return { ...head, sealed: this.#packs.envelope.sealNote(note, aboutOf(head)) };
  }

  /** All that counts of what is new and of what is replaced, sealed with the first key. */
  #merged(): readonly PackLine[] {
    const lines = new Map(this.#fresh);
    for (const pack of this.#replaced) {
      for (const found of pack.lines.values()) {
        const line = this.#carried(found, pack);
        const other = line && lines.get(keyOf(line));
        if (line !== undefined && (other === undefined || compareLines(line, other) > 0)) lines.set(keyOf(line), line);
      }
    }
    const isWhole = this.#replaced.size === this.#packs.all.length;
    return [...lines.values()].filter((line) => {
      const all = lines.get(line.place.name + everyRequest);
      if (all !== undefined && all !== line && compareLines(all, line) > 0) return false;
      return !isWhole || !this.#isOldNote(line);
    });
  }

  #isOldNote({ kind, sealed }: PackLine): boolean {
    return kind !== 'secret' && Math.abs(this.#now - momentOf(sealed)) > noteLife;
  }

  /** A line as it goes on: what cannot be trusted does not; what another key sealed is sealed with the first. */
  #carried(line: PackLine, pack: Pack): PackLine | undefined {
    const isFirstKey = this.#isFirstKey(pack);
    if (isFirstKey && this.#packs.isTrusted(line)) return line;
    const opened = this.#packs.open(line);
    if ('problem' in opened) {
      this.#packs.drop({ pack, line, ...opened });
      return undefined;
    }
    if (isFirstKey) return line;
    const { envelope } = this.#packs;
    const { kind, generation } = line;
    if ('secret' in opened) {
      const [place] = envelope.places(opened.request);
      return { kind, generation, place, sealed: envelope.seal(opened, place, boundOf(line)) };
    }
    // The text is ours, by its seal: the request that the note is about.
    const [own] = envelope.places(JSON.parse(opened.text) as SecretRequest);
    const place = kind === 'removedAll' ? { ...own, request: everyRequest } : own;
    return this.#noteLine({ kind, generation, place }, opened);
  }

  /** So that each line is copied a few times and not each time: half of them, and whatever is not much larger. */
  #addSmallest(): void {
    let size = 0;
    const sorted = this.#packs.all.toSorted((one, other) => one.size - other.size);
    for (const [index, pack] of sorted.entries()) {
      if (index >= mostPacks / 2 && pack.size > 2 * size) return;
      this.#replaced.add(pack);
      size += pack.size;
    }
  }

  #isFirstKey({ keyId }: Pack): boolean {
    return keyId === this.#firstKeyId();
  }

  #firstKeyId(): string {
    return this.#packs.envelope.places({ name: '' })[0].keyId;
  }
}
