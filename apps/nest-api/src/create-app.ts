import 'reflect-metadata';
import type { ClientOrOptions } from '@kms-secrets/nestjs';
import { NestFactory } from '@nestjs/core';
import type { NestApplicationOptions } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { AppModule } from './app.module.ts';

/** The app, ready to listen, for a given client or with one created from options. */
export async function createApp(
  clientOrOptions: ClientOrOptions,
  options: NestApplicationOptions = {},
): Promise<NestExpressApplication> {
  const app = await NestFactory.create<NestExpressApplication>(AppModule.with(clientOrOptions), {
    ...options,
    // Rejects instead of ending the process, so that main.ts reports the error.
    abortOnError: false,
    // Ends keep-alive connections at shutdown: a further request on one gets a 503.
    return503OnClosing: true,
  });
  app.disable('x-powered-by');
  app.disable('etag');
  app.use((_request: unknown, response: { setHeader(name: string, value: string): unknown }, next: () => void) => {
    response.setHeader('cache-control', 'no-store');
    next();
  });
  return app;
}
