import { builtinModule } from '../platform/builtin-module.ts';
import { looksLikePath } from '../options/redact.ts';
import type { ConfigurationMachine } from './environment.ts';
import type { TextSource } from './text-source.ts';

/**
 * Resolves a path from the directory of the file that contains it, then from the working directory, where the official
 * clients look. A Windows path is absolute on every platform.
 */
export function resolvePath(path: string, source: TextSource, machine: ConfigurationMachine): string {
  const nodePath = builtinModule('node:path');
  if (nodePath.isAbsolute(path) || nodePath.win32.isAbsolute(path)) return path;
  const candidates = source.directories.map((directory) => nodePath.resolve(directory, path));
  const found = candidates.find((candidate) => isReadable(candidate, machine));
  if (found !== undefined) return found;
  // Unresolved, so that an error message recognizes it as the content of a file.
  return looksLikePath(path) ? (candidates[0] ?? path) : path;
}

/** Whether a properties file has removed the backslashes of a path: `C:\keys\a.json` becomes `C:keysa.json`. */
export function hasLostBackslashes(path: string): boolean {
  return /^[a-z]:(?![\\/])./iu.test(path);
}

export const expectedWindowsPath = 'a Windows path with /, or with two backslashes for each one (four inside JSON)';

function isReadable(path: string, machine: ConfigurationMachine): boolean {
  try {
    machine.readFile(path);
    return true;
  } catch {
    return false;
  }
}
