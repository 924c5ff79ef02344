import type { MemoryCache } from './memory-cache.ts';
import type { Outages } from './outages.ts';
import type { Pins } from './pins.ts';
import type { Refusals } from './refusals.ts';

export interface AbsentSecretsParts {
  readonly cache: MemoryCache;
  readonly outages: Outages;
  readonly pins: Pins;
  readonly refusals: Refusals;
}

/**
 * The pinned and the required secrets that are not in memory. Kept by key as they change, so that a health check visits none of the
 * secrets in memory.
 */
export class AbsentSecrets {
  readonly #parts: AbsentSecretsParts;
  /** Pinned, and neither in memory nor refused. */
  readonly #missing = new Set<string>();
  /** Those of `#missing` whose fetch failed, the first failure first. */
  readonly #failing = new Set<string>();
  /** Not in memory, refused or not, and the last fetch failed. */
  readonly #withOutage = new Set<string>();
  /** How often each secret is required. */
  readonly #required = new Map<string, number>();
  readonly #requiredButAbsent = new Set<string>();

  constructor(parts: AbsentSecretsParts) {
    this.#parts = parts;
    for (const key of parts.pins.keys) this.update(key);
  }

  get missing(): ReadonlySet<string> {
    return this.#missing;
  }

  get failing(): ReadonlySet<string> {
    return this.#failing;
  }

  /** The number of secrets in memory whose last fetch failed. */
  get failingInMemory(): number {
    return this.#parts.outages.size - this.#withOutage.size;
  }

  /** The required secrets that are not in memory. */
  get required(): ReadonlySet<string> {
    return this.#requiredButAbsent;
  }

  /** Requires a secret until the returned function is called. */
  require(key: string): () => void {
    this.#required.set(key, (this.#required.get(key) ?? 0) + 1);
    this.update(key);
    let isRequired = true;
    return () => {
      if (!isRequired) return;
      isRequired = false;
      const count = (this.#required.get(key) ?? 0) - 1;
      if (count > 0) this.#required.set(key, count);
      else this.#required.delete(key);
      this.update(key);
    };
  }

  /** To be called after each change of whether a secret is in memory, pinned, refused or failing. */
  update(key: string): void {
    const { cache, outages, pins, refusals } = this.#parts;
    const isAbsent = cache.lookup(key) === undefined;
    const isMissing = isAbsent && pins.has(key) && refusals.get(key) === undefined;
    const hasOutage = isAbsent && outages.get(key) !== undefined;
    setMember(this.#missing, key, isMissing);
    setMember(this.#failing, key, isMissing && hasOutage);
    setMember(this.#withOutage, key, hasOutage);
    setMember(this.#requiredButAbsent, key, isAbsent && this.#required.has(key));
  }

  clear(): void {
    for (const key of this.#required.keys()) this.#requiredButAbsent.add(key);
    this.#missing.clear();
    this.#failing.clear();
    this.#withOutage.clear();
  }
}

function setMember(set: Set<string>, key: string, isMember: boolean): void {
  if (isMember) set.add(key);
  else if (set.size > 0) set.delete(key);
}
