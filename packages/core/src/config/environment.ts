import { builtinModule } from '../platform/builtin-module.ts';
import { errorCode } from '../secret/is-error.ts';

/** The parts of the machine that configuration reads. Tests replace them. */
export interface ConfigurationMachine {
  /** The current environment variables, not those of the time when this package was loaded. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  workingDirectory(): string;
  /** Default: the variables `HOME` and `USERPROFILE`. May throw. */
  homeDirectory?(): string;
  /**
   * Reads at most `maxFileBytes` bytes and one more, which shows that the file is too large. Throws the errors of `node:fs`.
   */
  readFile(path: string): Uint8Array;
  /** Emits a warning of the process, which Node prints to stderr. */
  emitWarning?(message: string): void;
}

/** The maximum size of a configuration, key or CA file. These files have a few kilobytes; a larger one is a wrong path. */
export const maxFileBytes: number = 1_048_576;

/** This process: the only code that reads its environment and its working directory. */
export const machine: ConfigurationMachine = {
  get environment() {
    return process.env;
  },
  workingDirectory: () => process.cwd(),
  homeDirectory: () => builtinModule('node:os').homedir(),
  readFile: readFileStart,
  emitWarning: (message) => process.emitWarning(message, 'KmsSecretsWarning'),
};

/** How long a pipe or a terminal may deliver nothing (ms). The read is synchronous, so a longer wait would block the process. */
const maxPipeWait = 1_000;
/** Interval between two reads of a pipe that has delivered nothing yet (ms). */
const pipeInterval = 10;

/**
 * For the stat of a file that may be a pipe. Without it, Node would keep the kind of the file in a buffer that its module loader
 * takes for that of a folder, and `require` would no longer follow symbolic links: https://github.com/nodejs/node/issues/51142.
 */
const asBigInts = { bigint: true } as const;

/** Reads piece by piece, because the reported size does not bound the content: `/dev/zero` and pipes report 0. */
function readFileStart(path: string): Uint8Array {
  const { closeSync, fstatSync } = builtinModule('node:fs');
  const file = openFile(path);
  try {
    // After `openFile`: most processes have no file, and the memory of a megabyte is not free.
    const bytes = new Uint8Array(maxFileBytes + 1);
    const isPipe = fstatSync(file, asBigInts).isFIFO();
    let length = 0;
    let waited = 0;
    for (let isAtEnd = false; !isAtEnd && length < bytes.length;) {
      const read = readPiece(file, bytes, length);
      length += read ?? 0;
      // A pipe reads as empty, too, before a writer has opened it.
      const isWaiting = read === undefined || (read === 0 && isPipe && length === 0);
      isAtEnd = read === 0 && !isWaiting;
      if (isWaiting) waited += waitForWriter(waited);
    }
    return bytes.slice(0, length);
  } finally {
    closeSync(file);
  }
}

/** Blocks for a moment and returns its length (ms). Throws if the pipe had its time. */
function waitForWriter(waited: number): number {
  if (waited >= maxPipeWait) throw Object.assign(new Error('The pipe delivers nothing.'), { code: 'ETIMEDOUT' });
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pipeInterval);
  return pipeInterval;
}

/** The number of bytes read, 0 at the end; `undefined` if a pipe or a terminal has nothing to read now. */
function readPiece(file: number, bytes: Uint8Array, offset: number): number | undefined {
  const { readSync } = builtinModule('node:fs');
  try {
    return readSync(file, bytes, offset, bytes.length - offset, null);
  } catch (error) {
    if (errorCode(error) === 'EAGAIN') return undefined;
    throw error;
  }
}

/**
 * Does not wait for the writer of a named pipe, as `open` does by default. Throws the error of `stat`, not of `open`, if the
 * process may not even see whether the file exists.
 */
function openFile(path: string): number {
  const { constants, openSync, statSync } = builtinModule('node:fs');
  // First, because most processes have no file: one exception of Node instead of two.
  statSync(path, asBigInts);
  // On Windows, O_NONBLOCK is `undefined`, which counts as 0.
  return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
}

/** The working directory; `undefined` if it was removed while the process runs. Only absolute paths work then. */
export function workingDirectory(of: ConfigurationMachine): string | undefined {
  try {
    return of.workingDirectory();
  } catch {
    return undefined;
  }
}

/** The home directory of the user, where profiles are; `undefined` if there is none. */
export function homeDirectory(of: ConfigurationMachine): string | undefined {
  const { environment } = of;
  try {
    return (of.homeDirectory?.() ?? environment['HOME'] ?? environment['USERPROFILE']) || undefined;
  } catch {
    return undefined;
  }
}
