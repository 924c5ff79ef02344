import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The files a fake writes for its clients, readable by their owner alone, and gone when it is closed. */
export class Files {
  readonly #directory: string;
  readonly #isOurs: boolean;
  readonly #written = new Set<string>();

  constructor(parts: { directory: string | undefined }) {
    this.#isOurs = parts.directory === undefined;
    this.#directory = parts.directory ?? mkdtempSync(join(tmpdir(), 'fake-kms-'));
    mkdirSync(this.#directory, { recursive: true });
  }

  /** Writes a file, in the fake's directory unless `file` says where; returns its path. */
  write(name: string, text: string, file: string = join(this.#directory, name)): string {
    writeFileSync(file, text, { mode: 0o600 });
    chmodSync(file, 0o600); // the mode above is only for a file that was not there before
    this.#written.add(file);
    return file;
  }

  remove(): void {
    for (const file of this.#written) rmSync(file, { force: true });
    if (this.#isOurs) rmSync(this.#directory, { recursive: true, force: true });
  }
}
