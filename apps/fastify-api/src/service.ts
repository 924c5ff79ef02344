import type { SecretClient } from '@kms-secrets/fastify';
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
  const app = createApp(client);
  const url = await app.listen({ port, host });

  const stop = async (): Promise<void> => {
    // What waits for a secret then is answered with an error, which is better than with nothing.
    const closing = setTimeout(() => void client.close(), patience);
    const breaking = setTimeout(() => app.server.closeAllConnections(), patience + 1_000);
    await app.close();
    clearTimeout(closing);
    clearTimeout(breaking);
    await client.close();
  };
  return { url, stop };
}
