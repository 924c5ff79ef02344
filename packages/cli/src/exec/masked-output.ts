import type { Readable } from 'node:stream';
import { write } from '../host.ts';
import type { OutputStream } from '../host.ts';
import { Masker } from './masker.ts';

/** Passes on the output of a program, with its values masked. */
export class MaskedOutput {
  /** Resolves when all of the output was passed on, or its reader is gone. */
  readonly flushed: Promise<void>;
  readonly #from: Readable | null;
  readonly #to: OutputStream;
  #isWriting = false;

  constructor(from: Readable | null, to: OutputStream, patterns: readonly Uint8Array[]) {
    this.#from = from;
    this.#to = to;
    this.flushed = from === null ? Promise.resolve() : this.#pass(from, new Masker(patterns));
  }

  /** Whether output has arrived that was not passed on yet. */
  get isBusy(): boolean {
    return this.#isWriting || (this.#from?.readableLength ?? 0) > 0;
  }

  async #pass(from: Readable, masker: Masker): Promise<void> {
    try {
      // Waits for each write, so that a slow reader slows the program down, and nothing piles up here.
      for await (const chunk of from) await this.#write(masker.push(chunk as Uint8Array)); // a stream without an encoding
      await this.#write(masker.end());
    } catch {
      // The reader is gone: the next write of the program fails.
      from.destroy();
    }
  }

  async #write(bytes: Uint8Array): Promise<void> {
    this.#isWriting = true;
    try {
      await write(this.#to, bytes);
    } finally {
      this.#isWriting = false;
    }
  }
}
