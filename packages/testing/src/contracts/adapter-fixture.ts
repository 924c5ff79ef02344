import { createSecretClient } from '@kms-secrets/core';
import type { SecretClient, SecretClientOptions } from '@kms-secrets/core';
import { expect } from 'vitest';

import { FakeClock } from '../fake-clock.ts';
import { FakeTransport } from '../fake-transport.ts';
import { AppClient } from '../scenarios/harness/app-client.ts';
import type { RunningApp, StartApp } from '../scenarios/harness/run-scenario.ts';
import type { Clause } from './contract.ts';

interface AdapterFixture {
  readonly app: AppClient;
  readonly kms: FakeTransport;
  readonly clock: FakeClock;
  readonly client: SecretClient;
  readonly running: RunningApp;
}

/** The response to a read that failed with this code. */
export const errorResponse = (code: string): object => ({ status: 503, code });

/** A clause about an app whose client has a `FakeTransport`. Also checks that no response contains a value. */
export function clause(
  name: string,
  options: SecretClientOptions,
  check: (fixture: AdapterFixture) => Promise<void>,
): Clause<StartApp> {
  return {
    name,
    async check(startApp) {
      const clock = new FakeClock();
      const kms = new FakeTransport();
      // One attempt: a retry would wait for a clock that stands still.
      const clientOptions: SecretClientOptions = { ttl: '1m', retry: { maxAttempts: 1 }, ...options };
      await using client = createSecretClient({ ...clientOptions, endpoints: [kms], clock });
      const started = await startApp(client);
      let closing: Promise<void> | undefined;
      const running = { url: started.url, close: () => (closing ??= started.close()) };
      const app = new AppClient(running.url);
      try {
        await check({ app, kms, clock, client, running });
        expect(app.output.includes('s3cret-'), 'a response contains a value').toBe(false);
      } finally {
        await client.close();
        await running.close();
      }
    },
  };
}
