import { readFileSync } from 'node:fs';
import { systemClock } from '@kms-secrets/core';
import type { Clock } from '@kms-secrets/core';
import type { FakeIdentity, FakeKms } from '@kms-secrets/testing';
import type { Host, OutputStream } from './host.ts';
import { main } from './main.ts';

/** What a command did. */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface TestHostOptions {
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly isTerminal?: boolean;
  readonly workingDirectory?: string;
  readonly clock?: Clock;
  readonly nodeVersion?: string;
  /** Files that can be read besides those of the machine, by absolute path. An `Error` is thrown. */
  readonly files?: Readonly<Record<string, string | Uint8Array | Error>>;
}

/** A stream that keeps what is written. */
export class CapturedStream implements OutputStream {
  readonly isTTY: boolean;
  readonly columns = 100;
  readonly rows = 24;
  readonly chunks: Uint8Array[] = [];
  error: Error | undefined;

  constructor(isTTY = false) {
    this.isTTY = isTTY;
  }

  get text(): string {
    return Buffer.concat(this.chunks).toString('utf8');
  }

  write(chunk: string | Uint8Array, written?: (error?: Error | null) => void): boolean {
    if (this.error === undefined) this.chunks.push(Buffer.from(chunk as Uint8Array));
    queueMicrotask(() => written?.(this.error));
    return true;
  }

  on(): void {}
  off(): void {}
}

/** The process of a test: its streams, its signals and its machine. */
export class TestHost implements Host {
  readonly stdout: CapturedStream;
  readonly stderr: CapturedStream;
  readonly hasTerminal: boolean;
  readonly machine: Host['machine'];
  readonly clock: Clock;
  readonly nodeVersion: string;
  readonly raised: string[] = [];
  readonly #listeners = new Map<string, Set<() => void>>();

  constructor(options: TestHostOptions = {}) {
    const { environment = {}, isTerminal = false, workingDirectory = '/nonexistent', clock = systemClock } = options;
    this.stdout = new CapturedStream(isTerminal);
    this.stderr = new CapturedStream(isTerminal);
    this.hasTerminal = isTerminal;
    this.clock = clock;
    this.nodeVersion = options.nodeVersion ?? process.versions.node;
    this.machine = {
      environment: { PATH: process.env['PATH'], ALIBABA_CLOUD_ECS_METADATA_DISABLED: 'true', ...environment },
      workingDirectory: () => workingDirectory,
      homeDirectory: () => '/nonexistent',
      readFile(path) {
        const file = options.files?.[path];
        if (file === undefined) return readFileSync(path);
        if (typeof file === 'string') return Buffer.from(file);
        if ('message' in file) throw file;
        return file;
      },
    };
  }

  readonly signals: Host['signals'] = {
    on: (signal: string, listener: () => void) => {
      this.#listeners.set(signal, (this.#listeners.get(signal) ?? new Set()).add(listener));
    },
    off: (signal: string, listener: () => void) => {
      this.#listeners.get(signal)?.delete(listener);
    },
    raise: (signal: string) => void this.raised.push(signal),
  };

  /** Delivers a signal. Returns whether something handles it. */
  deliver(signal: string): boolean {
    const listeners = [...(this.#listeners.get(signal) ?? [])];
    for (const listener of listeners) listener();
    return listeners.length > 0;
  }

  async run(...argv: readonly string[]): Promise<Outcome> {
    const code = await main(this, argv);
    return { code, stdout: this.stdout.text, stderr: this.stderr.text };
  }
}

/** The time of the system, with a date that is `ms` later. */
export function clockAhead(ms: number): Clock {
  return {
    now: () => systemClock.now(),
    cachedNow: () => systemClock.cachedNow(),
    date: () => systemClock.date() + ms,
    random: () => systemClock.random(),
    setTimer: (delay, task) => systemClock.setTimer(delay, task),
    setUnrefTimer: (delay, task) => systemClock.setUnrefTimer(delay, task),
  };
}

/** Runs one command line against a fake KMS. */
export function runCli(
  kms: FakeKms,
  argv: readonly string[],
  { identity, ...options }: TestHostOptions & { readonly identity?: FakeIdentity } = {},
): Promise<Outcome> {
  const environment = { ...kms.environment(identity), ...options.environment };
  return new TestHost({ ...options, environment }).run(...argv);
}
