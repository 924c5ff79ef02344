import { setTimeout } from 'node:timers/promises';
import { createSecretClient, isSecretError } from '@kms-secrets/hono';
import { startService } from './service.ts';
import type { Service } from './service.ts';

async function main(): Promise<void> {
  const { PORT: port = '3000', HOST: host = '127.0.0.1', SHUTDOWN_DELAY_MS: delay = '5000' } = process.env;
  if (!/^\d{1,6}$/.test(delay)) throw new Error(`SHUTDOWN_DELAY_MS must be a number of milliseconds, got "${delay}".`);
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) throw new Error(`PORT must be a port number, got "${port}".`);
  // Endpoints and credentials come from secretsmanager.properties in the working directory, or from the environment.
  const client = createSecretClient({ logger: console });

  let service: Service | undefined;
  const stop = (drained?: Promise<void>): void => {
    // During the start, closing the client ends the wait for its secrets.
    void (service === undefined ? client.close() : service.stop(drained));
  };
  // Once: a second signal ends the process immediately. An orchestrator sends SIGTERM while its load balancers still send
  // requests; SIGINT comes from a terminal.
  process.once('SIGINT', () => stop()).once('SIGTERM', () => stop(setTimeout(Number(delay))));

  try {
    service = await startService(client, { port: Number(port), host });
    if (client.isClosed) await service.stop();
    else console.log(`hono-api listens on ${service.url}`);
  } catch (error) {
    await client.close();
    if (!isSecretError(error, 'ERR_CLIENT_CLOSED')) throw error;
  }
}

try {
  await main();
} catch (error) {
  // Without the stack: the message says what to do.
  console.error(`hono-api could not start. ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
