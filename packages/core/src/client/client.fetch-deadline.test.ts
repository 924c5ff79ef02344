import { expect, test } from 'vitest';
import { setUpClient } from './client.fixture.ts';
import type { ClientFixture, ClientFixtureOptions } from './client.fixture.ts';

/** Two attempts of this length take longer than the 120 s of a fetch. */
const attemptTimeout = '100s';

interface Wait {
  readonly options: ClientFixtureOptions;
  /** Starts the fetches. Their requests get no response. */
  readonly start: (fixture: ClientFixture) => Promise<unknown>[];
}

const waits: readonly (readonly [name: string, wait: Wait])[] = [
  ['a retry', { options: {}, start: ({ client }) => [client.get('db')] }],
  ['another endpoint', { options: { hasFallback: true, hedge: false }, start: ({ client }) => [client.get('db')] }],
  [
    'the rate limiter',
    {
      options: { names: ['db', 'api'], limits: { concurrentRequests: 1 }, retry: { maxAttempts: 1 } },
      start: ({ client }) => [client.get('db'), client.get('api')],
    },
  ],
  [
    'a hook',
    {
      options: {
        retry: { maxAttempts: 1 },
        hook: { transform: async () => new Promise(() => {}) },
      },
      start: ({ client, kms, clock }) => {
        kms.delayResponses(50_000, clock);
        return [client.get('db')];
      },
    },
  ],
];

test.each(waits)('a fetch that waits for %s ends after two minutes', async (name, { options, start }) => {
  const fixture = setUpClient({ attemptTimeout, deadline: '10m', ...options });
  const { client, clock, kms, fallback } = fixture;
  if (name !== 'a hook') for (const endpoint of [kms, fallback]) endpoint.fail('hang');
  const reads = start(fixture).map((read) => read.catch(() => {}));

  await clock.pass('119s');
  expect(client.stats().inFlight).toBeGreaterThan(0);
  await clock.pass('2s');

  expect(client.stats().inFlight).toBe(0);
  await client.close();
  await Promise.all(reads);
});
