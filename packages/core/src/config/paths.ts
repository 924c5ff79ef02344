import { isAbsolute, resolve, win32 } from 'node:path';
import type { ConfigurationMachine } from './environment.ts';
import type { TextSource } from './text-source.ts';

/**
 * A relative path is meant from the file that names it; the official clients look in the working directory. A path of
 * Windows is absolute wherever it is read.
 */
export function absolutePath(path: string, source: TextSource, machine: ConfigurationMachine): string {
  if (isAbsolute(path) || win32.isAbsolute(path)) return path;
  const candidates = source.directories.map((directory) => resolve(directory, path));
  return candidates.find((candidate) => isThere(candidate, machine)) ?? candidates[0] ?? path;
}

/** Whether a path has lost its backslashes: `C:\keys\a.json` in a properties file is `C:keysa.json`. */
export function hasLostBackslashes(path: string): boolean {
  return /^[a-z]:(?![\\/])./iu.test(path);
}

export const backslashAdvice =
  'a path of Windows is written with /, or with every backslash twice (inside JSON four times)';

function isThere(path: string, machine: ConfigurationMachine): boolean {
  try {
    machine.readFile(path);
    return true;
  } catch {
    return false;
  }
}
