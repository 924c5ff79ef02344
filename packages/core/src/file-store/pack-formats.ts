import type { Envelope, EnvelopeMessage, SecretEntry } from '../seal/envelope.ts';
import type { SecretRequest } from '../secret/secret-request.ts';
import { Commit } from './commit.ts';
import type { FolderChange } from './commit.ts';
import { Packs } from './packs.ts';
import type { PacksParts } from './packs.ts';

/**
 * The packs of every format version that this release reads. Releases that share a folder keep theirs side by side: each
 * writes and merges only those of its own version, and a removal applies to all.
 */
export class PackFormats {
  /** The first one is written. */
  readonly #formats: readonly [Packs, ...Packs[]];

  constructor(parts: PacksParts) {
    const [own, ...others] = parts.envelope.formats;
    const packsOf = (envelope: Envelope): Packs => new Packs({ ...parts, envelope });
    this.#formats = [packsOf(own), ...others.map(packsOf)];
  }

  /** Whether the next commit should replace a damaged file. */
  get isDamaged(): boolean {
    return this.#formats[0].isDamaged;
  }

  /** Of our keys. The first one seals. */
  get keyIds(): readonly string[] {
    return this.#formats[0].envelope.keyIds;
  }

  get foreignKeyIds(): readonly string[] {
    return [...new Set(this.#formats.flatMap((packs) => [...packs.foreignKeyIds]))].toSorted();
  }

  /** Whether the next commit will seal files again that are sealed with an old key. */
  get hasOldKeys(): boolean {
    return this.#formats[0].hasOldKeys;
  }

  async refresh(): Promise<void> {
    for (const packs of this.#formats) await packs.refresh();
  }

  /** The current secret; `undefined` for none, or for a tombstone. */
  read(request: SecretRequest): SecretEntry | undefined {
    let latest: SecretEntry | EnvelopeMessage | undefined;
    for (const packs of this.#formats) {
      const found = packs.read(request);
      if (found !== undefined && (latest === undefined || timeOf(found) > timeOf(latest))) latest = found;
    }
    return latest !== undefined && 'secret' in latest ? latest : undefined;
  }

  /** `now` is in milliseconds since 1970. */
  async commit(changes: readonly FolderChange[], now: number): Promise<void> {
    const [own, ...others] = this.#formats;
    await new Commit(own, now).run(changes);
    const removals = changes.filter(({ kind }) => kind === 'remove' || kind === 'removeAll');
    if (removals.length > 0) for (const packs of others) await new Commit(packs, now).run(removals);
  }

  /** Frees the memory; the next `refresh` reads the folder again. */
  clearCache(): void {
    for (const packs of this.#formats) packs.clearCache();
  }

  /** Resolves when no deletion is running. */
  async deletionsDone(): Promise<void> {
    await Promise.all(this.#formats.map((packs) => packs.deletionsDone()));
  }
}

/** Generations are counted in each format, so only dates can be compared: of the fetch, or of the removal. */
function timeOf(content: SecretEntry | EnvelopeMessage): number {
  return 'secret' in content ? content.secret.fetchedAt : content.timestamp;
}
