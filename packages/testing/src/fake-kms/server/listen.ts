import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo, Server } from 'node:net';

/** Attempts to find a free port before the system chooses one. */
const maxAttempts = 20;

/**
 * Below the ephemeral ports of Linux, macOS and Windows. The system gives those to outgoing connections at any time, so a
 * server that has closed such a port cannot be sure to open it again.
 */
function choosePort(): number {
  return randomInt(15_000, 32_768);
}

/** Listens on `port` of the loopback interface; 0 means a free one. Resolves to the port. */
export async function listen(server: Server, port: number, choose: () => number = choosePort): Promise<number> {
  if (port !== 0) return listenOn(server, port);
  for (let attempt = 1; attempt <= maxAttempts; attempt += 1) {
    const chosen = await listenOn(server, choose()).catch(() => undefined);
    if (chosen !== undefined) return chosen;
  }
  return listenOn(server, 0);
}

async function listenOn(server: Server, port: number): Promise<number> {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port; // a string only for a pipe
}
