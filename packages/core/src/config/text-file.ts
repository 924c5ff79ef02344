import { errorCode, isError } from '../secret/is-error.ts';
import type { ConfigurationMachine } from './environment.ts';
import { maxFileBytes } from './environment.ts';

/** The text of a file, or the reason why it cannot be read. */
export type TextFileResult = TextFile | TextFileProblem;

interface TextFile {
  readonly text: string;
  /** Whether the file is not UTF-8 and was read as ISO-8859-1. */
  readonly isLatin1: boolean;
}

export interface TextFileProblem {
  readonly problem: string;
  /** `hidden`: the process may not even see whether the file exists. */
  readonly kind: 'missing' | 'hidden' | 'unusable';
}

const problems: ReadonlyMap<string, string> = new Map([
  ['ENOENT', 'no file'],
  ['ENOTDIR', 'no file'],
  ['EISDIR', 'a directory'],
  ['ETIMEDOUT', 'a pipe or a terminal that delivers nothing within 1 s'],
  ['EACCES', 'a file without read permission'],
  ['EPERM', 'a file without read permission'],
]);

/**
 * Reads a file in UTF-8, or in UTF-16 with a byte order mark, as Windows writes it. With the fallback, a file in any other
 * encoding is read as ISO-8859-1, which keeps its ASCII characters. A problem contains nothing of the content.
 */
export function readTextFile(
  path: string,
  machine: ConfigurationMachine,
  { fallback }: { readonly fallback?: 'latin1' } = {},
): TextFileResult {
  let bytes: Uint8Array;
  try {
    bytes = machine.readFile(path);
  } catch (error) {
    return problemOf(error);
  }
  if (bytes.length > maxFileBytes) return { problem: `a file of more than ${maxFileBytes} bytes`, kind: 'unusable' };
  const text = decode(bytes, fallback);
  if (text === undefined) return { problem: 'a file that is not UTF-8', kind: 'unusable' };
  // Only a binary file contains NUL.
  return text.text.includes('\0') ? { problem: 'a binary file', kind: 'unusable' } : text;
}

function decode(bytes: Uint8Array, fallback: 'latin1' | undefined): TextFile | undefined {
  const mark = Buffer.from(bytes.subarray(0, 2)).toString('hex');
  const encoding = mark === 'fffe' ? 'utf-16le' : mark === 'feff' ? 'utf-16be' : 'utf-8';
  try {
    return { text: new TextDecoder(encoding, { fatal: true }).decode(bytes), isLatin1: false };
  } catch {
    // `TextDecoder` takes ISO-8859-1 for Windows-1252, which has other characters between 0x80 and 0x9F.
    return fallback && { text: Buffer.from(bytes).toString(fallback), isLatin1: true };
  }
}

function problemOf(error: unknown): TextFileProblem {
  const code = errorCode(error) ?? '';
  if (isHiddenBy(error, code)) return { problem: `a path that this process may not access (${code})`, kind: 'hidden' };
  const problem = problems.get(code) ?? `an unreadable file${code === '' ? '' : ` (${code})`}`;
  return { problem, kind: code === 'ENOENT' || code === 'ENOTDIR' ? 'missing' : 'unusable' };
}

/** Whether Node's permission model denies the path, or the process may not enter its folder. */
function isHiddenBy(error: unknown, code: string): boolean {
  if (code === 'ERR_ACCESS_DENIED') return true;
  return (code === 'EACCES' || code === 'EPERM') && isError(error) && 'syscall' in error && error.syscall === 'stat';
}
