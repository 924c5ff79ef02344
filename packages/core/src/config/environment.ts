/** What configuration wants to know of the machine. */
export interface ConfigurationMachine {
  /** As it is when it is read, not when this package was loaded. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  workingDirectory(): string;
  /** No more than `largestFile` bytes and one, which tells that there are more. Throws what `node:fs` throws. */
  readFile(path: string): Uint8Array;
}

/** A configuration or a CA file has a few kilobytes; whatever is larger is another file. */
export const largestFile: number = 1_048_576;

/** This process: the one place that reads its environment and its working directory. */
export const machine: ConfigurationMachine = {
  get environment() {
    return process.env;
  },
  workingDirectory: () => process.cwd(),
  readFile: readStart,
};

/** Reads by hand, because a file's size is no bound: that of `/dev/zero` or of a pipe is 0. */
function readStart(path: string): Uint8Array {
  // Not imported: an import takes every export, and with `fs.ReadStream` all of `node:stream` (2 ms of CPU on Node 20.20).
  const { closeSync, openSync, readSync } = process.getBuiltinModule('node:fs');
  const bytes = new Uint8Array(largestFile + 1);
  const file = openSync(path, 'r');
  try {
    let length = 0;
    for (let read = -1; read !== 0 && length < bytes.length; length += read) {
      read = readSync(file, bytes, length, bytes.length - length, null);
    }
    return bytes.slice(0, length);
  } finally {
    closeSync(file);
  }
}

/** It may have been removed while the process runs; then only an absolute path leads to a file. */
export function workingDirectory(of: ConfigurationMachine): string | undefined {
  try {
    return of.workingDirectory();
  } catch {
    return undefined;
  }
}
