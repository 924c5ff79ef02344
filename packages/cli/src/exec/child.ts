import { spawn } from 'node:child_process';
import type { ChildProcess, StdioOptions } from 'node:child_process';
import { errorCode } from '@kms-secrets/core/internal';
import { CliError, exitCodes } from '../cli-error.ts';
import { shown } from '../arguments/parse.ts';
import { write } from '../host.ts';
import type { OutputStream } from '../host.ts';
import { Masker } from './masker.ts';
import { openSecretFd } from './secret-fd.ts';
import type { TargetValue } from './values.ts';

/** How a program ended. */
export type ChildEnd = { readonly code: number } | { readonly signal: NodeJS.Signals };

/** A running program. */
export interface Child {
  /** Rejects with a `CliError` if the program cannot be started. */
  readonly ended: Promise<ChildEnd>;
  kill(signal: NodeJS.Signals): void;
}

export interface ChildOptions {
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly values: readonly TargetValue[];
  /** What to mask in the output. `undefined`: the program gets the standard streams of this process. */
  readonly masked: readonly Uint8Array[] | undefined;
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  /** The file system in memory for file descriptors. Default: that of Linux. */
  readonly memoryFolder?: string | undefined;
}

/** Starts a program with the values in its environment and its file descriptors. */
export function startChild(options: ChildOptions): Child {
  const { command, values, masked, stdout, stderr } = options;
  const [file = '', ...args] = command;
  const environment = { ...options.environment };
  const fds = new Map<number, ReturnType<typeof openSecretFd>>();
  for (const { target, value } of values) {
    if (target.kind === 'env') environment[target.variable] = new TextDecoder().decode(value);
    else fds.set(target.fd, openSecretFd(value, options.memoryFolder));
  }
  const output = masked === undefined ? 'inherit' : 'pipe';
  const stdio: StdioOptions = ['inherit', output, output];
  for (let fd = 3; fd <= Math.max(2, ...fds.keys()); fd += 1) stdio[fd] = fds.get(fd)?.stdio ?? 'ignore';
  try {
    const child = spawn(file, args, { stdio, env: environment });
    writePipes(child, values, stdio);
    const flushed =
      masked === undefined ? [] : [maskOutput(child.stdout, stdout, masked), maskOutput(child.stderr, stderr, masked)];
    return { ended: endOf(child, file, flushed), kill: (signal) => void child.kill(signal) };
  } catch (error) {
    // `spawn` throws for some errors. Their messages quote arguments and variables.
    return { ended: Promise.reject(startError(error, file)), kill() {} };
  } finally {
    for (const fd of fds.values()) fd.close();
  }
}

function writePipes(child: ChildProcess, values: readonly TargetValue[], stdio: StdioOptions): void {
  for (const { target, value } of values) {
    if (target.kind !== 'fd' || stdio[target.fd] !== 'pipe') continue;
    const pipe = child.stdio[target.fd];
    if (pipe === null || pipe === undefined || !('end' in pipe)) continue;
    // A program that does not read it is no error.
    pipe.on('error', () => {});
    pipe.end(value);
  }
}

/** How long the output of a program may stay open after its end (ms): one of its own children may hold it. */
const outputTimeout = 2_000;

function endOf(child: ChildProcess, file: string, flushed: readonly Promise<void>[]): Promise<ChildEnd> {
  return new Promise((resolve, reject) => {
    // Not `once`: each signal that may not be sent, as to a program of another user, is an error. It is none of the program.
    child.on('error', (error) => {
      if (child.pid === undefined) reject(startError(error, file));
    });
    child.once('exit', (code, signal) => {
      const end: ChildEnd = signal === null ? { code: code ?? 0 } : { signal };
      const timer = setTimeout(() => resolve(end), outputTimeout);
      void Promise.allSettled(flushed).then(() => {
        clearTimeout(timer);
        resolve(end);
      });
    });
  });
}

function startError(error: unknown, file: string): CliError {
  const code = errorCode(error) ?? 'unknown error';
  const name = shown(file);
  if (code === 'ENOENT') return new CliError(`The program "${name}" does not exist.`, exitCodes.notFound);
  if (code === 'EACCES' || code === 'EPERM') {
    return new CliError(`The program "${name}" may not be executed (${code}).`, exitCodes.notExecutable);
  }
  if (code === 'E2BIG') {
    return new CliError(
      'The environment is too large for the system (E2BIG). Pass large values with --fd.',
      exitCodes.notExecutable,
    );
  }
  return new CliError(
    `The program "${name}" could not be started (${code}).`,
    code === 'EAGAIN' ? exitCodes.notStarted : exitCodes.notExecutable,
  );
}

/** Resolves when all of the output was passed on. */
async function maskOutput(
  from: NodeJS.ReadableStream | null,
  to: OutputStream,
  patterns: readonly Uint8Array[],
): Promise<void> {
  if (from === null) return;
  const masker = new Masker(patterns);
  try {
    // Waits for each write, so that a slow reader slows the program down, and nothing piles up here.
    for await (const chunk of from)
      await write(to, masker.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk));
    await write(to, masker.end());
  } catch {
    // The reader is gone: the next write of the program fails.
    if ('destroy' in from && typeof from.destroy === 'function') from.destroy();
  }
}
