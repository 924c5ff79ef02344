import { setTimeout } from 'node:timers/promises';
import { ConsoleLogger } from '@nestjs/common';
import { createApp } from './create-app.ts';

async function main(): Promise<void> {
  const { PORT: port = '3000', HOST: host = '127.0.0.1', SHUTDOWN_DELAY_MS: delay = '5000' } = process.env;
  if (!/^\d{1,6}$/.test(delay)) throw new Error(`SHUTDOWN_DELAY_MS must be a number of milliseconds, got "${delay}".`);
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) throw new Error(`PORT must be a port number, got "${port}".`);
  const logger = new ConsoleLogger('nest-api', { colors: false, logLevels: ['log', 'warn', 'error', 'fatal'] });
  // Endpoints and credentials come from secretsmanager.properties in the working directory, or from the environment.
  const app = await createApp({}, { logger, drain: () => setTimeout(Number(delay)) });
  app.enableShutdownHooks(['SIGTERM', 'SIGINT'], { useProcessExit: true });
  await app.listen(Number(port), host);
  logger.log(`nest-api listens on ${await app.getUrl()}`);
}

try {
  await main();
} catch (error) {
  // Without the stack: the message says what to do.
  console.error(`nest-api could not start. ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
