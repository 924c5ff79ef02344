import { systemClock } from '@kms-secrets/core/internal';
import { machine } from '@kms-secrets/core/internal';
import type { Host, OutputStream } from './host.ts';
import { main } from './main.ts';

/** The part of Node's `process` that the command uses. */
export interface CommandProcess {
  readonly argv: readonly string[];
  readonly pid: number;
  readonly versions: { readonly node: string };
  readonly stdin: { readonly isTTY?: boolean | undefined };
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  on(signal: NodeJS.Signals, listener: () => void): unknown;
  off(signal: NodeJS.Signals, listener: () => void): unknown;
  kill(pid: number, signal: NodeJS.Signals): unknown;
  exit(code: number): void;
}

/** Runs the command of this process, and ends the process with its exit code. */
export async function runProcess(process: CommandProcess): Promise<void> {
  const { stdin, stdout, stderr } = process;
  // A stream without a listener for 'error' ends the process with a stack trace. `write` reports the error.
  for (const stream of [stdout, stderr]) stream.on('error', () => {});
  const host: Host = {
    stdout,
    stderr,
    hasTerminal: [stdin, stdout, stderr].some(({ isTTY }) => isTTY === true),
    machine,
    clock: systemClock,
    signals: {
      on: (signal, listener) => process.on(signal, listener),
      off: (signal, listener) => process.off(signal, listener),
      raise: (signal) => void process.kill(process.pid, signal),
    },
    nodeVersion: process.versions.node,
  };
  // Not by the end of all work: idle connections and timers of the client would delay it.
  process.exit(await main(host, process.argv.slice(2)));
}
