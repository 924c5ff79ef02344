// @ts-check
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const program = '/usr/bin/redis-server';

export const hasRedis = existsSync(program);

/**
 * A Redis on a spare port of loopback, in memory: what it held is gone when it is killed. `start` has it back on the same port.
 * It ends with the process that started it.
 */
export async function startRedis() {
  if (!hasRedis) throw new Error(`${program} is missing. Install it: apt-get install redis-server`);
  const port = await sparePort();
  const directory = await mkdtemp(join(tmpdir(), 'redis-'));
  /** @type {import('node:child_process').ChildProcess | undefined} */
  let child;

  async function startAgain() {
    const memoryOnly = ['--save', '', '--appendonly', 'no', '--dir', directory];
    const settings = ['--port', String(port), '--bind', '127.0.0.1', ...memoryOnly];
    const started = spawn(program, settings, { stdio: ['ignore', 'pipe', 'inherit'] });
    child = started;
    for await (const chunk of started.stdout) if (String(chunk).includes('Ready to accept connections')) break;
    started.stdout.resume();
  }

  async function kill() {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  const killAtExit = () => void child?.kill('SIGKILL');
  process.once('exit', killAtExit);
  await startAgain();
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    kill,
    start: startAgain,
    async stop() {
      await kill();
      process.off('exit', killAtExit);
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function sparePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address()); // of a server that listens on a port
  server.close();
  await once(server, 'close');
  return port;
}
