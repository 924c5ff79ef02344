import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';

export interface ProgramOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Milliseconds after which the program is killed. Default: 300,000: a compiler on a busy machine is slow. */
  readonly timeout?: number;
  /** Another user to run as; only root can. */
  readonly user?: { readonly uid: number; readonly gid: number } | undefined;
  /** Called for each line that the program prints. */
  readonly onLine?: (line: string) => void;
}

export interface ProgramResult {
  /** `null` if a signal ended the program. */
  readonly code: number | null;
  /** What it printed to both streams. */
  readonly output: string;
}

/**
 * The environment of a user's program: it inherits PATH only, so that this machine's settings do not change a result. HOME is
 * its working directory: there are no profiles, no npm settings and no caches.
 */
export function programEnvironment(cwd: string, env: Readonly<Record<string, string>> = {}): Record<string, string> {
  return { PATH: process.env['PATH'] ?? '', HOME: cwd, NO_COLOR: '1', ...env };
}

/** Runs a program to its end. Does not throw for an exit code. */
export async function runProgram(
  command: string,
  args: readonly string[],
  { cwd, env, timeout = 300_000, user, onLine }: ProgramOptions,
): Promise<ProgramResult> {
  const child = spawn(command, args, {
    cwd,
    env: programEnvironment(cwd, env),
    stdio: ['ignore', 'pipe', 'pipe'],
    ...user,
    timeout,
    killSignal: 'SIGKILL',
  });
  const output = collectOutput(child, onLine);
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, output: output() };
}

/** Collects what a process prints to both streams. */
export function collectOutput(child: ChildProcess, onLine?: (line: string) => void): () => string {
  let printed = '';
  let reported = 0;
  const collect = (chunk: string): void => {
    printed += chunk;
    for (let end = printed.indexOf('\n', reported); end !== -1; end = printed.indexOf('\n', reported)) {
      const line = printed.slice(reported, end);
      reported = end + 1;
      onLine?.(line);
    }
  };
  for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', collect);
  return () => printed;
}
