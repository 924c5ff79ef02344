import { spawn } from 'node:child_process';
import type { ChildProcess, StdioOptions } from 'node:child_process';
import { errorCode } from '@kms-secrets/core/internal';
import { CliError, exitCodes } from '../cli-error.ts';
import { shown } from '../arguments/parse.ts';
import type { OutputStream } from '../host.ts';
import { MaskedOutput } from './masked-output.ts';
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
  /** How long the output may stay open after the end of the program (ms): one of its own children may hold it. Default: 2 s. */
  readonly outputTimeout?: number | undefined;
}

const defaultOutputTimeout = 2_000;

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
    const outputs =
      masked === undefined
        ? []
        : [new MaskedOutput(child.stdout, stdout, masked), new MaskedOutput(child.stderr, stderr, masked)];
    const ended = endOf(child, { file, outputs, outputTimeout: options.outputTimeout ?? defaultOutputTimeout });
    return { ended, kill: (signal) => void child.kill(signal) };
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

function endOf(
  child: ChildProcess,
  {
    file,
    outputs,
    outputTimeout,
  }: { readonly file: string; readonly outputs: readonly MaskedOutput[]; readonly outputTimeout: number },
): Promise<ChildEnd> {
  return new Promise((resolve, reject) => {
    // Not `once`: each signal that may not be sent, as to a program of another user, is an error. It is none of the program.
    child.on('error', (error) => {
      if (child.pid === undefined) reject(startError(error, file));
    });
    child.once('exit', (code, signal) => {
      const end: ChildEnd = signal === null ? { code: code ?? 0 } : { signal };
      // Not while a slow reader, such as a pager, has not read all.
      const timer = setInterval(() => {
        if (!outputs.some(({ isBusy }) => isBusy)) finish();
      }, outputTimeout);
      const finish = (): void => {
        clearInterval(timer);
        resolve(end);
      };
      void Promise.allSettled(outputs.map(({ flushed }) => flushed)).then(finish);
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
