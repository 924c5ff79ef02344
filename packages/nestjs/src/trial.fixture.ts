import 'reflect-metadata';
import { FakeClock, FakeTransport } from '@kms-secrets/testing';
import { createSecretClient } from '@kms-secrets/core';
import type { SecretClient, SecretClientOptions } from '@kms-secrets/core';
import type { INestApplication, LoggerService, ModuleMetadata } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { onTestFinished } from 'vitest';

export interface Trial {
  readonly kms: FakeTransport;
  readonly clock: FakeClock;
  /** What a client is made from, with the fake KMS behind it. */
  readonly options: SecretClientOptions;
  readonly client: SecretClient;
  /** Gives a secret a new version, and has the client fetch it. */
  readonly rotate: (name: string, versionId: string) => Promise<void>;
}

/** A KMS with `db` and `api`, and a client of it. */
export function trial(options: SecretClientOptions = {}): Trial {
  const [kms, clock] = [new FakeTransport(), new FakeClock()];
  for (const name of ['db', 'api']) kms.put(name, 'v1');
  const whole: SecretClientOptions = { endpoints: [kms], clock, retry: { maxAttempts: 1 }, ...options };
  const client = createSecretClient(whole);
  const rotate = async (name: string, versionId: string): Promise<void> => {
    kms.put(name, versionId);
    await client.refresh(name);
  };
  return { kms, clock, options: whole, client, rotate };
}

export interface StartedApp {
  readonly app: INestApplication;
  readonly log: readonly string[];
  readonly close: () => Promise<void>;
}

/** An app of one module, initialised and, at the end of the test at the latest, closed; and what was logged. */
export async function startedApp(metadata: ModuleMetadata): Promise<StartedApp> {
  const log: string[] = [];
  const module = await Test.createTestingModule(metadata).setLogger(writing(log)).compile();
  const app = module.createNestApplication();
  // Nest 11 runs its hooks again each time.
  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => (closed ??= app.close());
  onTestFinished(close);
  await app.init();
  return { app, log, close };
}

/** What an app that must not start fails with. */
export async function failedStart(metadata: ModuleMetadata): Promise<Error> {
  const module = Test.createTestingModule(metadata).setLogger(writing([]));
  try {
    await (await module.compile()).init();
  } catch (error) {
    return error as Error;
  }
  throw new Error('It started.');
}

/** GET, of an app that listens on loopback from the first question on. */
export async function get(app: INestApplication, path: string): Promise<Response> {
  if (!(app.getHttpServer() as { listening: boolean }).listening) await app.listen(0, '127.0.0.1');
  return fetch(`${await app.getUrl()}${path}`);
}

function writing(log: string[]): LoggerService {
  const write = (message: unknown): void => void log.push(String(message));
  return { log: write, warn: write, error: write, debug: write, verbose: write, fatal: write };
}
