import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { SecretClient } from '@kms-secrets/express';
import { createApp } from './app.ts';

export interface ServiceOptions {
  readonly port: number;
  readonly host: string;
  /** Milliseconds that requests being answered may take to end by themselves, once the service is to stop. */
  readonly patience?: number;
}

export interface Service {
  readonly url: string;
  /** Takes no new connection, lets those requests end that are being answered, and closes the client. */
  stop(): Promise<void>;
}

/** Listens once every secret is there that the client is to preload; rejects with the reason if one cannot be had. */
export async function startService(
  client: SecretClient,
  { port, host, patience = 5_000 }: ServiceOptions,
): Promise<Service> {
  await client.ready();
  const server = createServer(createApp(client)).listen(port, host);
  await once(server, 'listening');

  const stop = async (): Promise<void> => {
    const closed = once(server, 'close');
    server.close();
    // Callers hold connections open without a request on them; those are not waited for.
    const sweeping = setInterval(() => server.closeIdleConnections(), 50);
    // What waits for a secret then is answered with an error, which is better than with nothing.
    const closing = setTimeout(() => void client.close(), patience);
    const breaking = setTimeout(() => server.closeAllConnections(), patience + 1_000);
    await closed;
    clearInterval(sweeping);
    clearTimeout(closing);
    clearTimeout(breaking);
    await client.close();
  };
  const { address, family, port: listening } = server.address() as AddressInfo; // a text only for a pipe
  return { url: `http://${family === 'IPv6' ? `[${address}]` : address}:${listening}`, stop };
}
