import type { Secret } from '../secret/secret.ts';
import type { Entry } from './entry.ts';

/**
 * Milliseconds since KMS rotated the secret to its version (`LastRotationDate`); `undefined` for a secret that KMS does not rotate.
 * `CreateTime` is that of the secret, not of the version. `date`: milliseconds since 1970.
 */
export function versionAge({ rotation }: Secret, date: number): number | undefined {
  const rotatedAt = rotation?.lastAt;
  return rotatedAt === undefined || !Number.isFinite(rotatedAt) ? undefined : Math.max(date - rotatedAt, 0);
}

/** How long the versions in memory were newer in KMS than here, of the secrets whose rotation this client has seen. */
export class RotationLags {
  readonly #lags = new Map<string, number>();

  /**
   * Records that a new version has arrived. Returns the milliseconds since KMS rotated the secret, or `undefined` if KMS has not said
   * when. The date of KMS has whole seconds, and another clock.
   */
  arrived({ key, secret }: Entry, date: number): number | undefined {
    const age = versionAge(secret, date);
    if (age === undefined) this.#lags.delete(key);
    else this.#lags.set(key, age);
    return age;
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
