import type { Clock } from '@kms-secrets/core';

export interface BodyLimits {
  readonly clock: Clock;
  readonly maxBytes: number;
  /** Milliseconds. */
  readonly timeout: number;
}

/** Reads at most `maxBytes`. `aborted`: the sender has closed the connection. */
export function readBody(
  source: AsyncIterable<Uint8Array> | Uint8Array | undefined,
  { clock, maxBytes, timeout }: BodyLimits,
): Promise<Uint8Array | 'tooLarge' | 'late' | 'aborted'> {
  if (source === undefined) return Promise.resolve(new Uint8Array());
  if (ArrayBuffer.isView(source)) return Promise.resolve(source.length > maxBytes ? 'tooLarge' : source);
  const reading = new BodyReading(maxBytes);
  return new Promise((resolve) => {
    const end = (result: Uint8Array | 'tooLarge' | 'late' | 'aborted'): void => {
      cancel();
      reading.stop();
      resolve(result);
    };
    const cancel = clock.setUnrefTimer(timeout, () => end('late'));
    reading.read(source).then(end, () => end('aborted'));
  });
}

class BodyReading {
  readonly #maxBytes: number;
  #chunks: Uint8Array[] = [];
  #length = 0;
  #isStopped = false;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  async read(source: AsyncIterable<Uint8Array>): Promise<Uint8Array | 'tooLarge'> {
    for await (const chunk of source) {
      this.#length += chunk.length;
      // To leave the loop cancels the source.
      if (this.#length > this.#maxBytes || this.#isStopped) return 'tooLarge';
      this.#chunks.push(chunk);
    }
    return Buffer.concat(this.#chunks);
  }

  /** Frees the chunks. The wait for the next one cannot be ended: a connection that stays open would keep them. */
  stop(): void {
    this.#isStopped = true;
    this.#chunks = [];
  }
}
