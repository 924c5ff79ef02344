import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

const program = '/usr/bin/redis-server';

/** A Redis server for a test: on loopback, without persistence. */
export interface RedisServer {
  readonly port: number;
  readonly url: string;
  /** Kills the process. Its data is lost unless the test has saved it. */
  kill(): Promise<void>;
  start(...options: readonly string[]): Promise<void>;
  stop(): Promise<void>;
  /** Stops responding but keeps the connections open, like a network that drops all packets. */
  freeze(): void;
  thaw(): void;
}

/** A server that is stopped after the test. */
export async function redisOfTest(...options: readonly string[]): Promise<RedisServer> {
  const server = await startRedis(...options);
  onTestFinished(() => server.stop());
  return server;
}

export async function startRedis(...options: readonly string[]): Promise<RedisServer> {
  if (!existsSync(program)) {
    throw new Error(`${program} is missing. Install it (apt-get install redis-server); as root, npm test installs it.`);
  }
  const port = await freePort();
  const directory = await mkdtemp(join(tmpdir(), 'redis-'));
  let child: ChildProcess | undefined;

  async function start(...more: readonly string[]): Promise<void> {
    const settings = [
      '--port',
      String(port),
      '--bind',
      '127.0.0.1',
      '--dir',
      directory,
      '--save',
      '',
      '--appendonly',
      'no',
    ];
    const started = spawn(program, [...settings, ...options, ...more], { stdio: ['ignore', 'pipe', 'inherit'] });
    child = started;
    let output = '';
    for await (const chunk of started.stdout) {
      output += String(chunk);
      if (output.includes('Ready to accept connections')) break;
    }
    started.stdout.resume();
    if (!output.includes('Ready to accept connections')) throw new Error(`redis-server did not start: ${output}`);
  }

  async function kill(): Promise<void> {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  await start();
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    kill,
    start,
    async stop() {
      await kill();
      await rm(directory, { recursive: true, force: true });
    },
    freeze: () => void child?.kill('SIGSTOP'),
    thaw: () => void child?.kill('SIGCONT'),
  };
}

/**
 * Below the ephemeral ports. The system gives those to outgoing connections, and a client that reconnects to a killed server
 * could even connect to itself: the server could not be started again.
 */
export async function freePort(): Promise<number> {
  const port = randomInt(15_000, 32_768);
  const probe = createServer();
  const isFree = await new Promise<boolean>((resolve) => {
    probe.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => resolve(true));
  });
  if (!isFree) return freePort();
  await once(probe.close(), 'close');
  return port;
}
