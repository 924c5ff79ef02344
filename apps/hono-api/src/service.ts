import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import type { SecretClient } from '@kms-secrets/hono';
import { createApp } from './app.ts';

export interface ServiceOptions {
  readonly port: number;
  readonly host: string;
  /** Milliseconds that open requests have to finish after `stop()`. Default: 5,000. */
  readonly gracePeriod?: number;
}

export interface Service {
  readonly url: string;
  /**
   * Fails readiness, serves requests until `drained` resolves, then refuses new connections, waits for open requests, and closes
   * the client.
   *
   * @param drained - resolves when load balancers no longer send requests. Default: they do not already.
   */
  stop(drained?: Promise<unknown>): Promise<void>;
}

/** Listens once the client's preloaded secrets are in memory. Rejects with `SecretSetError` if one cannot be read. */
export async function startService(
  client: SecretClient,
  { port, host, gracePeriod = 5_000 }: ServiceOptions,
): Promise<Service> {
  await client.ready();
  let isStopping = false;
  const app = createApp(client, () => isStopping);
  const server = createServer(getRequestListener(app.fetch)).listen(port, host);
  await once(server, 'listening');

  const stop = async (drained?: Promise<unknown>): Promise<void> => {
    isStopping = true;
    await drained;
    const closed = once(server, 'close');
    server.close();
    // Keep-alive connections without a request would delay the end.
    const closeIdle = setInterval(() => server.closeIdleConnections(), 50);
    // Requests that still wait for a secret then get an error response instead of a broken connection.
    const closeClient = setTimeout(() => void client.close(), gracePeriod);
    const closeConnections = setTimeout(() => server.closeAllConnections(), gracePeriod + 1_000);
    await closed;
    clearInterval(closeIdle);
    clearTimeout(closeClient);
    clearTimeout(closeConnections);
    await client.close();
  };
  const { address, family, port: boundPort } = server.address() as AddressInfo; // a string only for a pipe
  return { url: `http://${family === 'IPv6' ? `[${address}]` : address}:${boundPort}`, stop };
}
