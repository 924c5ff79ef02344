import 'reflect-metadata';
import { FakeClock, FakeTransport } from '@kms-secrets/testing';
import { createSecretClient } from '@kms-secrets/core';
import type { SecretClient, SecretClientOptions } from '@kms-secrets/core';
import type { INestApplication, LoggerService, ModuleMetadata } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { onTestFinished } from 'vitest';

export interface Setup {
  readonly kms: FakeTransport;
  readonly clock: FakeClock;
  /** Client options with the fake KMS as endpoint. */
  readonly options: SecretClientOptions;
  readonly client: SecretClient;
  /** Puts a new version into the fake KMS, and refreshes it in the client. */
  readonly rotate: (name: string, versionId: string) => Promise<void>;
}

/** A fake KMS with `db` and `api`, and a client of it. */
export function setup(options: SecretClientOptions = {}): Setup {
  const kms = new FakeTransport();
  const clock = new FakeClock();
  for (const name of ['db', 'api']) kms.put(name, 'v1');
  const clientOptions: SecretClientOptions = { endpoints: [kms], clock, retry: { maxAttempts: 1 }, ...options };
  const client = createSecretClient(clientOptions);
  const rotate = async (name: string, versionId: string): Promise<void> => {
    kms.put(name, versionId);
    await client.refresh(name);
  };
  return { kms, clock, options: clientOptions, client, rotate };
}

export interface StartedApp {
  readonly app: INestApplication;
  readonly log: readonly string[];
  readonly close: () => Promise<void>;
}

/** An initialised app of one module, closed at the end of the test at the latest, and its log lines. */
export async function startedApp(metadata: ModuleMetadata): Promise<StartedApp> {
  const log: string[] = [];
  const module = await Test.createTestingModule(metadata).setLogger(loggerTo(log)).compile();
  const app = module.createNestApplication();
  // Once: Nest 11 would run its hooks again.
  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => (closed ??= app.close());
  onTestFinished(close);
  await app.init();
  return { app, log, close };
}

/** The error that an app fails to start with. */
export async function startError(metadata: ModuleMetadata): Promise<Error> {
  const module = Test.createTestingModule(metadata).setLogger(loggerTo([]));
  try {
    await (await module.compile()).init();
  } catch (error) {
    return error as Error;
  }
  throw new Error('The app started.');
}

/** Sends a GET request to the app, which listens on loopback from the first call on. */
export async function get(app: INestApplication, path: string): Promise<Response> {
  if (!(app.getHttpServer() as { listening: boolean }).listening) await app.listen(0, '127.0.0.1');
  return fetch(`${await app.getUrl()}${path}`);
}

function loggerTo(log: string[]): LoggerService {
  const write = (message: unknown): void => void log.push(String(message));
  return { log: write, warn: write, error: write, debug: write, verbose: write, fatal: write };
}
