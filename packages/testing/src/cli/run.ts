import { main } from './main.ts';
import type { TextStream } from './main.ts';

/** The part of Node's `process` that the command uses. */
export interface CommandProcess {
  readonly argv: readonly string[];
  readonly stdout: TextStream;
  readonly stderr: TextStream;
  exitCode?: number | string | null | undefined;
  on(signal: string, listener: () => void): unknown;
  off(signal: string, listener: () => void): unknown;
}

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Runs the command until it ends or the first signal arrives.
 *
 * It handles only that signal: a second one, or one after the command has failed, ends the process at once.
 */
export async function run(process: CommandProcess): Promise<void> {
  const stop = new AbortController();
  const removeHandlers = (): void => {
    for (const signal of signals) process.off(signal, handleSignal);
  };
  const handleSignal = (): void => {
    removeHandlers();
    stop.abort();
  };
  for (const signal of signals) process.on(signal, handleSignal);
  try {
    const { stdout, stderr } = process;
    process.exitCode = await main({ argv: process.argv.slice(2), stdout, stderr, stop: stop.signal });
  } finally {
    removeHandlers();
  }
}
