import { closeSync, openSync, unlinkSync, writeSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';

/** A file system in memory: a secret must not reach a disk. */
const memoryFolder = '/dev/shm';

/** A value for a file descriptor of a program. */
export interface SecretFd {
  /** For the option `stdio` of `spawn`: a descriptor of this process, or a pipe into which the value is written. */
  readonly stdio: number | 'pipe';
  /** Closes the descriptor of this process, which the program does not need. */
  close(): void;
}

/**
 * Opens a file without a name, in memory, with the value. Unlike a pipe, which Node makes from sockets, it can be opened as
 * `/dev/fd/N`, has a size, and is not bounded by a buffer. Without a file system in memory, as on macOS, it is a pipe.
 */
export function openSecretFd(value: Uint8Array, folder: string = memoryFolder): SecretFd {
  const path = join(folder, `kms-secrets-${randomUUID()}`);
  let fd: number;
  try {
    fd = openSync(path, 'wx+', 0o600);
  } catch {
    return { stdio: 'pipe', close() {} };
  }
  // The name goes before the value comes.
  unlinkSync(path);
  let written = 0;
  // With a position: the program reads from the start.
  while (written < value.length) written += writeSync(fd, value, written, value.length - written, written);
  return { stdio: fd, close: () => closeSync(fd) };
}
