import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { freePort } from '../support/free-port.mjs';

export type Environment = Readonly<Record<string, string>>;

/** A Next server in its own process, ready for requests. */
export interface NextProcess extends AsyncDisposable {
  readonly url: string;
  readonly pid: number;
  /** Everything that it has printed so far. */
  output(): string;
  /** Sends SIGTERM, as an orchestrator does, and resolves to the exit code. */
  stop(): Promise<number | null>;
}

/** Runs `next <args>` in an app, and resolves to its exit code and output. */
export async function runNext(
  app: string,
  args: readonly string[],
  environment: Environment,
): Promise<{ readonly code: number | null; readonly output: string }> {
  const { child, output } = spawnNode(app, [join(app, 'node_modules/next/dist/bin/next'), ...args], environment);
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, output: output() };
}

export type ServerCommand = 'start' | 'dev' | 'dev --turbopack';

/** Runs `next start` or `next dev` in an app. */
export function startNext(app: string, command: ServerCommand, environment: Environment): Promise<NextProcess> {
  return listening(spawnServer(app, command, environment));
}

export interface ExitedServer {
  /** `null` if it ran for a minute. */
  readonly code: number | null;
  readonly output: string;
}

/** Runs `next start` in an app that is expected to exit. */
export function startUntilExit(app: string, environment: Environment): Promise<ExitedServer> {
  return untilExit(spawnServer(app, 'start', environment));
}

/** Runs the `server.js` of an app that is expected to exit. */
export async function startStandaloneUntilExit(directory: string, environment: Environment): Promise<ExitedServer> {
  return untilExit(await spawnStandalone(directory, environment));
}

async function untilExit({ child, output }: Spawned): Promise<ExitedServer> {
  const timeout = setTimeout(() => child.kill('SIGKILL'), 60_000);
  const [code] = (await once(child, 'close')) as [number | null];
  clearTimeout(timeout);
  return { code, output: output() };
}

function spawnServer(app: string, command: ServerCommand, environment: Environment): Spawned {
  const args = [join(app, 'node_modules/next/dist/bin/next'), ...command.split(' '), '-p', '0', '-H', '127.0.0.1'];
  return spawnNode(app, args, environment);
}

/** Runs the `server.js` that `output: 'standalone'` builds. */
export async function startStandalone(directory: string, environment: Environment): Promise<NextProcess> {
  return listening(await spawnStandalone(directory, environment));
}

/** `server.js` accepts no port 0. */
async function spawnStandalone(directory: string, environment: Environment): Promise<Spawned> {
  const address = { PORT: String(await freePort()), HOSTNAME: '127.0.0.1' };
  return spawnNode(directory, ['server.js'], { ...environment, ...address });
}

interface Spawned {
  readonly child: ChildProcess;
  readonly output: () => string;
}

function spawnNode(cwd: string, args: readonly string[], environment: Environment): Spawned {
  const child = spawn(process.execPath, args, {
    cwd,
    // Not this process's environment: Next must find only the variables that a test sets.
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: cwd,
      NODE_ENV: args[1] === 'dev' ? 'development' : 'production',
      NEXT_TELEMETRY_DISABLED: '1',
      NO_COLOR: '1',
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  return { child, output: () => printed };
}

async function listening({ child, output }: Spawned): Promise<NextProcess> {
  const stop = async (): Promise<number | null> => {
    const exited = child.exitCode === null && child.signalCode === null ? once(child, 'exit') : undefined;
    child.kill('SIGTERM');
    await exited;
    return child.exitCode;
  };
  const url = await new Promise<string>((resolve, reject) => {
    const resolveWhenReady = (): void => {
      const [, address] = /(http:\/\/127\.0\.0\.1:\d+)/.exec(output()) ?? [];
      if (address !== undefined && /Ready in/.test(output())) resolve(address);
    };
    child.stdout?.on('data', resolveWhenReady);
    child.once('exit', (code) => reject(new Error(`Next exited with ${code}:\n${output()}`)));
  });
  return { url, pid: child.pid ?? 0, output, stop, [Symbol.asyncDispose]: async () => void (await stop()) };
}
