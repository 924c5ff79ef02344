import { createSecretClient } from '@kms-secrets/core';
import type { SecretClient, SecretClientOptions } from '@kms-secrets/core';
import { expect } from 'vitest';

import { FakeClock } from '../fake-clock.ts';
import { FakeTransport } from '../fake-transport.ts';
import { App } from '../scenarios/harness/app-client.ts';
import type { RunningApp, StartApp } from '../scenarios/harness/run-scenario.ts';
import type { Clause } from './contract.ts';

interface Stage {
  readonly app: App;
  readonly kms: FakeTransport;
  readonly clock: FakeClock;
  readonly client: SecretClient;
  readonly running: RunningApp;
}

/** What a read of a secret that cannot be had is answered with. */
export const refusal = (code: string): object => ({ status: 503, code });

/** A clause about an app whose KMS is a fake without a wire; whatever it answered, no value was in it. */
export function clause(
  name: string,
  options: SecretClientOptions,
  check: (stage: Stage) => Promise<void>,
): Clause<StartApp> {
  return {
    name,
    async check(startApp) {
      const clock = new FakeClock();
      const kms = new FakeTransport();
      // One try: what fails has failed, and no answer waits for a clock that stands still.
      const own: SecretClientOptions = { ttl: '1m', tries: 1, ...options };
      await using client = createSecretClient({ ...own, endpoints: [kms], clock });
      const started = await startApp(client);
      let ending: Promise<void> | undefined;
      const running = { url: started.url, close: () => (ending ??= started.close()) };
      const app = new App(running.url);
      try {
        await check({ app, kms, clock, client, running });
        expect(app.said.includes('s3cret-'), 'an answer shows a value').toBe(false);
      } finally {
        await client.close();
        await running.close();
      }
    },
  };
}
