import 'reflect-metadata';
import type { ClientOrOptions } from '@kms-secrets/nestjs';
import { NestFactory } from '@nestjs/core';
import type { NestApplicationOptions } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { AppModule } from './app.module.ts';
import { Shutdown } from './shutdown.ts';
import type { Drain } from './shutdown.ts';

export interface AppOptions extends NestApplicationOptions {
  /** For how long the app serves requests after SIGTERM. Default: load balancers no longer send any. */
  readonly drain?: Drain;
}

/** The app, ready to listen, for a given client or with one created from options. */
export async function createApp(
  clientOrOptions: ClientOrOptions,
  { drain = async () => {}, ...options }: AppOptions = {},
): Promise<NestExpressApplication> {
  const app = await NestFactory.create<NestExpressApplication>(AppModule.with(clientOrOptions, drain), {
    ...options,
    // Rejects instead of ending the process, so that main.ts reports the error. `return503OnClosing` is not set: from the
    // signal on, requests would get a 503.
    abortOnError: false,
  });
  const shutdown = app.get(Shutdown);
  app.disable('x-powered-by');
  app.disable('etag');
  app.use((_request: unknown, response: { setHeader(name: string, value: string): unknown }, next: () => void) => {
    response.setHeader('cache-control', 'no-store');
    if (shutdown.isStopping) response.setHeader('connection', 'close');
    next();
  });
  return app;
}
