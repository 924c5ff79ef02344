import type { LookupFunction } from 'node:net';
import type { Clock } from '@kms-secrets/core/internal';
import type { ConfigurationMachine } from '@kms-secrets/core/internal';

/** An output stream: `process.stdout`, or one of a test. */
export interface OutputStream {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
  write(chunk: string | Uint8Array, written?: (error?: Error | null) => void): boolean;
  on(event: 'error' | 'drain' | 'resize', listener: (error?: unknown) => void): unknown;
  off(event: 'error' | 'drain' | 'resize', listener: (error?: unknown) => void): unknown;
}

/** The signals that reach the process. */
export interface SignalSource {
  on(signal: NodeJS.Signals, listener: () => void): unknown;
  off(signal: NodeJS.Signals, listener: () => void): unknown;
  /** Sends a signal to this process itself. */
  raise(signal: NodeJS.Signals): void;
}

/** What the commands use of the process. Tests pass their own. */
export interface Host {
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  /** Whether one of the standard streams is a terminal: then a Ctrl-C reaches the whole process group. */
  readonly hasTerminal: boolean;
  readonly machine: ConfigurationMachine;
  readonly clock: Clock;
  readonly signals: SignalSource;
  /** Resolves host names for `doctor`. Default: that of Node. */
  readonly lookup?: LookupFunction | undefined;
  /** Such as `22.12.0`. */
  readonly nodeVersion: string;
}

/** Resolves when the chunk was passed to the system. Rejects with the error of the stream, such as `EPIPE`. */
export function write(stream: OutputStream, chunk: string | Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(chunk, (error) => {
      if (error) reject(error);
      else resolve();
    });
  });
}
