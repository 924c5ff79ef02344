import { isRotationMissed } from './entry-status.ts';

/** The announced rotation dates of the secrets in memory. Only managed secrets have one, so they are not kept in every entry. */
export class Rotations {
  /** Milliseconds since 1970, by key. */
  readonly #dates = new Map<string, number>();

  set(key: string, nextAt: number | undefined): void {
    if (nextAt === undefined || Number.isNaN(nextAt)) this.#dates.delete(key);
    else this.#dates.set(key, nextAt);
  }

  /** The keys of the secrets whose rotation was missed, with its date. */
  missed(date: number): readonly { readonly key: string; readonly nextAt: number }[] {
    const missed = [];
    for (const [key, nextAt] of this.#dates) if (isRotationMissed(nextAt, date)) missed.push({ key, nextAt });
    return missed;
  }

  clear(): void {
    this.#dates.clear();
  }
}
