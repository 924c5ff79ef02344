import { createSecretClient } from '@kms-secrets/core';
import type { SecretClient } from '@kms-secrets/core';
import { FakeTransport } from '@kms-secrets/testing';
import { onTestFinished } from 'vitest';

/** The secret of a database in a fake KMS, and a client that reads it. */
export interface DatabaseSecret {
  readonly kms: FakeTransport;
  readonly secrets: SecretClient;
  /** Publishes a version of the secret. */
  readonly publish: (versionId: string, user: string, password: string) => void;
}

export const secretName = 'prod/db';

export function databaseSecret(): DatabaseSecret {
  const kms = new FakeTransport();
  const secrets = createSecretClient({ endpoints: [kms], ttl: '1h', precedence: 'code-only' });
  onTestFinished(() => secrets.close());
  return {
    kms,
    secrets,
    publish: (versionId, user, password) =>
      kms.put(secretName, versionId, { value: JSON.stringify({ AccountName: user, AccountPassword: password }) }),
  };
}

/** Calls `query` from `workers` loops until `stop` is called. Returns the failed and the succeeded calls. */
export function queryUnderLoad(query: () => Promise<unknown>, workers: number): LoadOfQueries {
  const errors: unknown[] = [];
  let succeeded = 0;
  const stopping = new AbortController();
  const worker = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      try {
        await query();
        succeeded += 1;
      } catch (error) {
        errors.push(error);
        await new Promise((resolve) => setImmediate(resolve)); // a query that fails at once must not block the event loop
      }
    }
  };
  const running = Promise.all(Array.from({ length: workers }, worker));
  return {
    errors,
    get succeeded() {
      return succeeded;
    },
    async stop() {
      stopping.abort();
      await running;
    },
  };
}

export interface LoadOfQueries {
  readonly errors: readonly unknown[];
  readonly succeeded: number;
  stop(): Promise<void>;
}
