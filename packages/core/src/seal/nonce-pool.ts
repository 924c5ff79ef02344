import { randomFillSync } from 'node:crypto';
import { systemClock } from '../time/clock.ts';
import type { Clock } from '../time/clock.ts';

/** The length that AES-GCM is made for (bytes). */
export const nonceLength = 12;
/** To fill a pool of this many nonces takes as long as to create one. */
const poolSize = 64;

/**
 * Random nonces for AES-GCM, each of which is used once: two texts under the same key and nonce reveal both.
 *
 * Worker threads, child processes and clusters load this module anew, so no two threads share a pool. A copy of the memory of a process,
 * such as a snapshot of a virtual machine, does copy the pool. So a pool ends with its millisecond: a copy that continues later fills its
 * own, like a caller of `randomBytes`.
 */
export class NoncePool {
  readonly #bytes = Buffer.allocUnsafeSlow(poolSize * nonceLength);
  readonly #clock: Pick<Clock, 'cachedNow'>;
  readonly #fill: (bytes: Uint8Array) => unknown;
  #used = poolSize * nonceLength;
  #filledAt = Number.NaN;

  constructor(clock: Pick<Clock, 'cachedNow'> = systemClock, fill: (bytes: Uint8Array) => unknown = randomFillSync) {
    this.#clock = clock;
    this.#fill = fill;
  }

  /** Writes the next nonce into `target`. */
  writeTo(target: Uint8Array, offset: number): void {
    const now = this.#clock.cachedNow();
    if (this.#used >= this.#bytes.length || now !== this.#filledAt) {
      this.#fill(this.#bytes);
      this.#used = 0;
      this.#filledAt = now;
    }
    const start = this.#used;
    this.#used += nonceLength;
    this.#bytes.copy(target, offset, start, this.#used);
  }
}
