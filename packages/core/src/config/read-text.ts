import type { ConfigurationMachine } from './environment.ts';
import { largestFile } from './environment.ts';

/** A file's text, or why there is none; `isMissing` tells the one reason that may be no mistake. */
export type TextRead = { readonly text: string } | { readonly problem: string; readonly isMissing: boolean };

/** Reads a whole text file, without a byte order mark. Nothing of what is in it shows in a problem. */
export function readText(path: string, machine: ConfigurationMachine): TextRead {
  let bytes: Uint8Array;
  try {
    bytes = machine.readFile(path);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    const isMissing = code === 'ENOENT' || code === 'ENOTDIR';
    return { problem: problems.get(code) ?? `a file that cannot be read${code === '' ? '' : ` (${code})`}`, isMissing };
  }
  if (bytes.length > largestFile) return { problem: `a file of more than ${largestFile} bytes`, isMissing: false };
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
  } catch {
    return { problem: 'a file that is not UTF-8', isMissing: false };
  }
}

const problems: ReadonlyMap<string, string> = new Map([
  ['ENOENT', 'no file'],
  ['ENOTDIR', 'no file'],
  ['EISDIR', 'a directory'],
  ['EACCES', 'a file that this process may not read'],
  ['EPERM', 'a file that this process may not read'],
]);
