import type { ConfigurationMachine } from './environment.ts';
import { maxFileBytes } from './environment.ts';
import { errorCode } from '../secret/is-error.ts';

/** The text of a file, or the reason why it cannot be read. A missing file is not an error everywhere. */
export type TextFileResult = { readonly text: string } | { readonly problem: string; readonly isMissing: boolean };

const problems: ReadonlyMap<string, string> = new Map([
  ['ENOENT', 'no file'],
  ['ENOTDIR', 'no file'],
  ['EISDIR', 'a directory'],
  ['EACCES', 'a file without read permission'],
  ['EPERM', 'a file without read permission'],
]);

/** Reads a UTF-8 file without its byte order mark. A problem contains nothing of the content. */
export function readTextFile(path: string, machine: ConfigurationMachine): TextFileResult {
  let bytes: Uint8Array;
  try {
    bytes = machine.readFile(path);
  } catch (error) {
    const code = errorCode(error) ?? '';
    const isMissing = code === 'ENOENT' || code === 'ENOTDIR';
    return { problem: problems.get(code) ?? `an unreadable file${code === '' ? '' : ` (${code})`}`, isMissing };
  }
  if (bytes.length > maxFileBytes) return { problem: `a file of more than ${maxFileBytes} bytes`, isMissing: false };
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
  } catch {
    return { problem: 'a file that is not UTF-8', isMissing: false };
  }
}
