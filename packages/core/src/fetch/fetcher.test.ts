import type { FakeTransport } from '@kms-secrets/testing';
import { expect, test } from 'vitest';
import { Counter } from '../secret/counters.ts';
import { Fetcher } from './fetcher.ts';
import type { Flight } from './flight.ts';
import { FailoverFixture, failingTransport, transportWithSecret } from './failover.fixture.ts';
import { HookTransform } from './hook-transform.ts';

const request = { name: 'db', stage: 'ACSCurrent' };

function setup(transport: FakeTransport): {
  readonly fetcher: Fetcher;
  readonly fixture: FailoverFixture;
  readonly results: string[];
  readonly fetch: () => Flight;
} {
  const fixture = new FailoverFixture([transport], { maxAttempts: 1 });
  const results: string[] = [];
  const fetcher = new Fetcher({
    ...fixture.parts,
    fetchDeadline: 60_000,
    readDeadline: 10_000,
    counters: { fetches: new Counter() },
    transform: new HookTransform({ ...fixture.parts, transform: undefined }),
    listener: {
      fetched: (_key, _request, { secret }) => void results.push(secret.versionId),
      failed: (_key, _request, { error }) => void results.push(error.code),
      markFailing: () => {},
    },
    stores: undefined,
  });
  return { fetcher, fixture, results, fetch: () => fetcher.joinOrStart('db', request, 'read') };
}

test('joins a flight in progress', async () => {
  const transport = transportWithSecret('a');
  const { fetcher, fetch } = setup(transport);

  const flight = fetch();

  expect(fetch()).toBe(flight);
  await flight.secret;
  expect(transport.requests).toHaveLength(1);
  expect(fetcher.inFlight).toBe(0);
});

test('a forgotten flight does not remove the newer one', async () => {
  const transport = transportWithSecret('a');
  const { fetcher, fixture, results, fetch } = setup(transport);
  transport.delayResponses(100, fixture.clock);
  const forgotten = fetch();
  await fixture.clock.pass(50);
  fetcher.forget('db');
  const newer = fetch();

  await fixture.clock.pass(50);
  await forgotten.secret;

  expect(fetch()).toBe(newer);
  expect(results).toEqual([]);
  await fixture.clock.pass(50);
  await newer.secret;
  expect(results).toEqual(['v1']);
  expect(fetcher.inFlight).toBe(0);
});

test('a failure without a reader reaches the listener', async () => {
  const { fetcher, fixture, results, fetch } = setup(failingTransport('a', 'denied'));
  fetch();

  await fixture.clock.pass(0);

  expect(results).toEqual(['ERR_ACCESS_DENIED']);
  expect(fetcher.inFlight).toBe(0);
});
