import type { Entry } from './entry.ts';

/** How long the versions in memory were newer in KMS than here, of the secrets whose rotation this client has seen. */
export class RotationLags {
  readonly #lags = new Map<string, number>();

  /**
   * Records that a new version has arrived. Returns the milliseconds since KMS created it, or `undefined` if KMS has not said when. The
   * date of KMS has whole seconds, and another clock.
   */
  arrived({ key, secret }: Entry, date: number): number | undefined {
    const createdAt = secret.createdAt?.getTime();
    if (createdAt === undefined || !Number.isFinite(createdAt)) return undefined;
    const lag = Math.max(date - createdAt, 0);
    this.#lags.set(key, lag);
    return lag;
  }

  of(key: string): number | undefined {
    return this.#lags.get(key);
  }

  forget(key: string): void {
    this.#lags.delete(key);
  }

  clear(): void {
    this.#lags.clear();
  }
}
