import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { Bootstrap } from '@midwayjs/bootstrap';
import { DefaultConsoleLoggerFactory, HTTP_SERVER_KEY } from '@midwayjs/core';
import * as app from './app.ts';

const { PORT: port = '3000', HOST: host = '127.0.0.1', SHUTDOWN_DELAY_MS: delay = '5000' } = process.env;

function checkEnvironment(): void {
  if (!/^\d{1,6}$/.test(delay)) throw new Error(`SHUTDOWN_DELAY_MS must be a number of milliseconds, got "${delay}".`);
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) throw new Error(`PORT must be a port number, got "${port}".`);
}

async function main(): Promise<void> {
  checkEnvironment();
  let isTerminal = false;
  // Bootstrap handles the signals, too, and ends the process. SIGINT comes from a terminal: no load balancer sends requests.
  process.once('SIGINT', () => (isTerminal = true));
  const drain = async (): Promise<void> => {
    if (!isTerminal) await setTimeout(Number(delay));
  };
  // Endpoints and credentials come from secretsmanager.properties in the working directory, or from the environment.
  Bootstrap.configure({
    imports: [app],
    globalConfig: { koa: { port: Number(port), hostname: host }, shutdown: { drain } },
    moduleLoadType: 'commonjs', // with 'esm', Midway logs that the working directory has no dist/configuration.js
    loggerFactory: new DefaultConsoleLoggerFactory(), // Midway's own writes files, in HOME
  });
  const container = await Bootstrap.run();
  const server = container.get<Server>(HTTP_SERVER_KEY);
  if (!server.listening) await once(server, 'listening');
  const address = server.address() as AddressInfo; // a string only for a pipe
  console.log(`midway-api listens on http://${host}:${address.port}`);
}

try {
  await main();
} catch (error) {
  // Without the stack: the message says what to do.
  console.error(`midway-api could not start. ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
