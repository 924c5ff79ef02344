// @ts-check
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.mjs';

const binary = '/usr/bin/redis-server';

export const hasRedis = existsSync(binary);

/**
 * Starts a Redis server on a free port of the loopback interface. It keeps its data in memory only, so `kill` loses the data.
 * `start` starts it again on the same port. The server is killed when this process exits.
 */
export async function startRedis() {
  if (!hasRedis) throw new Error(`${binary} is missing. Install it: apt-get install redis-server`);
  const port = await freePort();
  const directory = await mkdtemp(join(tmpdir(), 'redis-'));
  /** @type {import('node:child_process').ChildProcess | undefined} */
  let child;

  async function startServer() {
    const memoryOnly = ['--save', '', '--appendonly', 'no', '--dir', directory];
    const settings = ['--port', String(port), '--bind', '127.0.0.1', ...memoryOnly];
    const server = spawn(binary, settings, { stdio: ['ignore', 'pipe', 'inherit'] });
    child = server;
    let output = '';
    for await (const chunk of server.stdout) {
      output += String(chunk);
      if (output.includes('Ready to accept connections')) break;
    }
    server.stdout.resume();
    if (!output.includes('Ready to accept connections')) throw new Error(`redis-server did not start: ${output}`);
  }

  async function kill() {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  const killAtExit = () => void child?.kill('SIGKILL');
  process.once('exit', killAtExit);
  await startServer();
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    kill,
    start: startServer,
    async stop() {
      await kill();
      process.off('exit', killAtExit);
      await rm(directory, { recursive: true, force: true });
    },
  };
}
