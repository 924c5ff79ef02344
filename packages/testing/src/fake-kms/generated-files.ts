import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { errorCode } from '@kms-secrets/core';

/** The files that a fake writes for its clients. Only their owner can read them; `remove` deletes them. */
export class GeneratedFiles {
  readonly #directory: string;
  readonly #isTemporary: boolean;
  readonly #paths = new Set<string>();

  constructor(parts: { directory: string | undefined }) {
    this.#isTemporary = parts.directory === undefined;
    this.#directory = parts.directory ?? createTemporaryDirectory();
    mkdirSync(this.#directory, { recursive: true });
  }

  /** Writes a file and returns its path: `path`, or `name` in the fake's directory. */
  write(name: string, text: string, path: string = join(this.#directory, name)): string {
    writeFileSync(path, text, { mode: 0o600 });
    chmodSync(path, 0o600); // the mode option does not apply to an existing file
    this.#paths.add(path);
    return path;
  }

  remove(): void {
    for (const path of this.#paths) rmSync(path, { force: true });
    if (this.#isTemporary) rmSync(this.#directory, { recursive: true, force: true });
  }

  [Symbol.dispose](): void {
    this.remove();
  }
}

function createTemporaryDirectory(): string {
  try {
    return mkdtempSync(join(tmpdir(), 'fake-kms-'));
  } catch (error) {
    throw new Error(
      `The temporary directory ${tmpdir()} cannot be written (${errorCode(error) ?? 'unknown error'}). Set TMPDIR to one that can.`,
      { cause: error },
    );
  }
}
