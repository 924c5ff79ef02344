// @ts-check
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * A port that is free now, for a server that cannot print the one it got. It is below the ephemeral ports: the system gives those
 * to outgoing connections at any time, also before the server listens, and between its end and its next start.
 * @returns {Promise<number>}
 */
export async function freePort() {
  const port = randomInt(15_000, 32_768);
  const probe = createServer();
  const isFree = await new Promise((resolve) => {
    probe.once('error', () => resolve(false)).listen(port, () => resolve(true));
  });
  if (!isFree) return freePort();
  await once(probe.close(), 'close');
  return port;
}
