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
  return new Promise((resolve) => {
    const end = (result: Uint8Array | 'tooLarge' | 'late' | 'aborted'): void => {
      cancel();
      resolve(result);
    };
    const cancel = clock.setUnrefTimer(timeout, () => end('late'));
    collect(source, maxBytes).then(end, () => end('aborted'));
  });
}

async function collect(source: AsyncIterable<Uint8Array>, maxBytes: number): Promise<Uint8Array | 'tooLarge'> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of source) {
    length += chunk.length;
    if (length > maxBytes) return 'tooLarge';
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
