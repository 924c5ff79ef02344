import 'reflect-metadata';
import type { ClientOrOptions } from '@kms-secrets/nestjs';
import { NestFactory } from '@nestjs/core';
import type { NestApplicationOptions } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { AppModule } from './app.module.ts';

/** The app, ready to listen: around a client, or around one of its own, made from options. */
export async function createApp(
  clientOrOptions: ClientOrOptions,
  options: NestApplicationOptions = {},
): Promise<NestExpressApplication> {
  const app = await NestFactory.create<NestExpressApplication>(AppModule.with(clientOrOptions), {
    ...options,
    // An app that cannot start says why to whoever starts it.
    abortOnError: false,
    // Callers hold connections open; once it is to end, the next request on one is its last.
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
