// @ts-check
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';

/** A Redis on a spare port of loopback, in memory; `undefined` where the program is not installed. */
export async function startRedis() {
  const program = '/usr/bin/redis-server';
  if (!existsSync(program)) return undefined;
  const spare = createServer().listen(0, '127.0.0.1');
  await once(spare, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (spare.address());
  spare.close();
  await once(spare, 'close');
  const settings = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
  const child = spawn(program, settings, { stdio: ['ignore', 'pipe', 'inherit'] });
  for await (const chunk of child.stdout) if (String(chunk).includes('Ready to accept connections')) break;
  child.stdout.resume();
  return { port, stop: () => void child.kill('SIGKILL') };
}
