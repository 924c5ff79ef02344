import { homedir } from 'node:os';
import { builtinModule } from '../platform/builtin-module.ts';

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
  homeDirectory: homedir,
  readFile: readFileStart,
  emitWarning: (message) => process.emitWarning(message, 'KmsSecretsWarning'),
};

/** Reads piece by piece, because the reported size does not bound the content: `/dev/zero` and pipes report 0. */
function readFileStart(path: string): Uint8Array {
  const { closeSync, readSync } = builtinModule('node:fs');
  const bytes = new Uint8Array(maxFileBytes + 1);
  const file = openFile(path);
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

/** Throws the error of `stat`, not of `open`, if the process may not even see whether the file exists. */
function openFile(path: string): number {
  const { openSync, statSync } = builtinModule('node:fs');
  try {
    return openSync(path, 'r');
  } catch (error) {
    statSync(path);
    throw error;
  }
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
