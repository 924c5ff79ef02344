import { errorCode, isError } from '../secret/is-error.ts';
import type { ConfigurationMachine } from './environment.ts';
import { maxFileBytes } from './environment.ts';

/** The text of a file, or the reason why it cannot be read. */
export type TextFileResult = { readonly text: string } | TextFileProblem;

export interface TextFileProblem {
  readonly problem: string;
  /** `hidden`: the process may not even see whether the file exists. */
  readonly kind: 'missing' | 'hidden' | 'unusable';
}

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
    return problemOf(error);
  }
  if (bytes.length > maxFileBytes) return { problem: `a file of more than ${maxFileBytes} bytes`, kind: 'unusable' };
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
  } catch {
    return { problem: 'a file that is not UTF-8', kind: 'unusable' };
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
