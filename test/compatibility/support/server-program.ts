import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { collectOutput, programEnvironment } from './program.ts';
import type { ProgramOptions, ProgramResult } from './program.ts';

export interface ServerProgram extends AsyncDisposable {
  /** What it printed to both streams so far. */
  output(): string;
  /** Writes to its standard input. */
  write(text: string): void;
  /** Calls `read` until it returns `expected`. Throws after 120 seconds, or when the program has ended. */
  eventually(expected: unknown, read: () => unknown): Promise<void>;
  /** Sends SIGTERM as a container does, and returns when the program has ended. Kills it after 20 seconds. */
  stop(): Promise<ProgramResult & { readonly signal: string | null }>;
}

/** Starts a program that runs until it is stopped. Disposing kills it, and every process that it started. */
export function startServer(
  command: string,
  args: readonly string[],
  { cwd, env }: Pick<ProgramOptions, 'cwd' | 'env'>,
): ServerProgram {
  const child = spawn(command, args, {
    cwd,
    env: programEnvironment(cwd, env),
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true, // a process group, to find the processes that it starts
  });
  const output = collectOutput(child);
  const ended = once(child, 'close') as Promise<[number | null, string | null]>;
  const kill = (): void => {
    if (child.pid === undefined) return; // it did not start
    try {
      process.kill(-child.pid, 'SIGKILL');
    } catch {
      // The group has ended.
    }
  };
  return {
    output,
    write: (text) => void child.stdin.write(text),
    eventually: async (expected, read) => {
      const deadline = Date.now() + 120_000;
      for (;;) {
        const noResult = sleep(5_000, 'no result in 5 seconds', { ref: false });
        const result = await Promise.race([Promise.resolve().then(read), noResult]).catch(String);
        if (result === expected) return;
        const hasEnded = child.exitCode !== null || child.signalCode !== null;
        if (hasEnded || Date.now() > deadline)
          throw new Error(`Expected ${String(expected)}, got ${String(result)}. The program printed:\n${output()}`);
        await sleep(100);
      }
    },
    stop: async () => {
      child.kill('SIGTERM');
      const timer = setTimeout(kill, 20_000);
      const [code, signal] = await ended;
      clearTimeout(timer);
      return { code, signal, output: output() };
    },
    [Symbol.asyncDispose]: async () => {
      kill();
      await ended;
    },
  };
}
