import { write } from '../host.ts';
import type { OutputStream } from '../host.ts';

const clearLine = '\u001B[2K';
const clearBelow = '\u001B[J';
const hideCursor = '\u001B[?25l';
const showCursor = '\u001B[?25h';

/** Draws lines over those that it has drawn before. */
export class Screen {
  readonly #stream: OutputStream;
  #height = 0;

  constructor(stream: OutputStream) {
    this.#stream = stream;
  }

  async draw(lines: readonly string[]): Promise<void> {
    const start = this.#height === 0 ? hideCursor : `\u001B[${this.#height}A\r`;
    this.#height = lines.length;
    await write(this.#stream, start + lines.map((line) => `${clearLine}${line}\n`).join('') + clearBelow);
  }

  /** Leaves the last lines, and gives the cursor back. */
  async close(): Promise<void> {
    if (this.#height > 0) await write(this.#stream, showCursor);
  }
}
