// What the channels of node:diagnostics_channel publish, for metrics and tracing.

import { AsyncLocalStorage } from 'node:async_hooks';
import { channel, subscribe, tracingChannel, unsubscribe } from 'node:diagnostics_channel';
import { inspect } from 'node:util';
import { FakeStore } from '@kms-secrets/testing';
import { expect, onTestFinished, test } from 'vitest';
import type { FetchMessage } from '../secret/channel-messages.ts';
import { fakeEndpoint, setUpClient, storedSecret } from './client.fixture.ts';

const fetches = tracingChannel<object, FetchMessage>('kms-secrets:fetch');
const phases = ['start', 'end', 'asyncStart', 'asyncEnd', 'error'] as const;

/** The phases of all fetches from now on, each with its message as it was then. */
function collectFetches(onStart?: () => void): (readonly [string, FetchMessage])[] {
  const seen: (readonly [string, FetchMessage])[] = [];
  const handlers = Object.fromEntries(
    phases.map((phase) => [
      phase,
      (message: FetchMessage) => {
        seen.push([phase, { ...message }]);
        if (phase === 'start') onStart?.();
      },
    ]),
  ) as Record<(typeof phases)[number], (message: FetchMessage) => void>; // every phase
  fetches.subscribe(handlers);
  onTestFinished(() => {
    fetches.unsubscribe(handlers);
  });
  return seen;
}

/** The messages of a channel from now on. */
function collect(name: string): object[] {
  const seen: object[] = [];
  const onMessage = (message: unknown): void => void seen.push(message as object); // every message is an object
  subscribe(`kms-secrets:${name}`, onMessage);
  onTestFinished(() => void unsubscribe(`kms-secrets:${name}`, onMessage));
  return seen;
}

test('a fetch has a start and an end, with the secret, the client and the endpoint', async () => {
  const seen = collectFetches();
  const { client } = setUpClient();
  await client.get('db');

  const common = { name: 'db', stage: 'ACSCurrent', versionId: undefined, purpose: 'read' };
  expect(seen.map(([phase]) => phase)).toEqual(['start', 'end', 'asyncStart', 'asyncEnd']);
  expect(seen[0]?.[1]).toEqual({ ...common, client: client.monitor });
  expect(seen[3]?.[1]).toEqual({
    ...common,
    client: client.monitor,
    duration: expect.any(Number),
    endpoint: 'kms.example',
    attempts: [],
    result: { versionId: 'v1', source: 'kms' },
  });
});

test('a failed fetch has its error, its failure and its attempts', async () => {
  const seen = collectFetches();
  const { client, kms } = setUpClient({ retry: { maxAttempts: 1 } });
  kms.fail('throttled');
  await client.get('db').catch(() => {});

  expect(seen.map(([phase]) => phase)).toEqual(['start', 'end', 'error', 'asyncStart', 'asyncEnd']);
  expect(seen[4]?.[1]).toMatchObject({
    endpoint: 'kms.example',
    failure: 'throttled',
    attempts: [{ endpoint: 'kms.example', failure: 'throttled' }],
    error: { code: 'ERR_SECRET_UNAVAILABLE' },
  });
});

test('a fetch that fails over has the endpoint that returned the secret, and the failed attempt', async () => {
  const seen = collectFetches();
  const { client, kms } = setUpClient({ hasFallback: true });
  kms.fail('unreachable');
  await client.get('db');

  expect(seen.at(-1)?.[1]).toMatchObject({
    endpoint: 'kms.fallback',
    attempts: [{ endpoint: 'kms.example', failure: 'unreachable' }],
    result: { source: 'kms' },
  });
});

test('a secret that a store had comes from no endpoint', async () => {
  const seen = collectFetches();
  const store = new FakeStore();
  const { client, clock } = setUpClient({ store });
  store.put({ name: 'db', stage: 'ACSCurrent' }, storedSecret(clock));
  await client.get('db');

  // The reader has the value as soon as it is in memory, which is before the end of the fetch.
  await expect.poll(() => seen.at(-1)?.[0]).toBe('asyncEnd');

  expect(seen.at(-1)?.[1]).toMatchObject({ endpoint: undefined, result: { source: 'store' } });
});

test('a read of a fresh value and a second reader publish nothing', async () => {
  const { client } = setUpClient();
  await client.get('db');
  const seen = collectFetches();
  await client.get('db');
  await Promise.all([client.refresh('db'), client.refresh('db')]);

  expect(seen.filter(([phase]) => phase === 'start').map(([, { purpose }]) => purpose)).toEqual(['forced']);
});

test('a subscriber that reads the same secret joins the fetch', async () => {
  const { client, kms } = setUpClient();
  const seen = collectFetches(() => void client.get('db'));
  await client.get('db');

  expect(kms.requests.length).toBe(1);
  expect(seen.filter(([phase]) => phase === 'start').length).toBe(1);
});

test('a subscriber can bind an async context to the requests of a fetch', async () => {
  const storage = new AsyncLocalStorage<object>();
  const kms = fakeEndpoint('kms.example', ['db']);
  const contexts: unknown[] = [];
  const original = kms.fetch.bind(kms);
  kms.fetch = (request, signal) => {
    contexts.push(storage.getStore());
    return original(request, signal);
  };
  fetches.start.bindStore(storage, ({ name }: FetchMessage) => ({ span: `fetch of ${name}` }));
  onTestFinished(() => void fetches.start.unbindStore(storage));
  await setUpClient({ kms }).client.get('db');

  expect(contexts).toEqual([{ span: 'fetch of db' }]);
});

test('every event has a channel, with the client and without the secret', async () => {
  const names = ['refreshed', 'rotated', 'stale', 'failed', 'dropped', 'endpoint', 'breaker', 'identity', 'store'];
  const channels = names.map((name) => [name, collect(name)] as const);
  const store = new FakeStore();
  const { client, clock, kms } = setUpClient({ ttl: '5m', store, retry: { maxAttempts: 1 } });
  await client.get('db');
  kms.put('db', 'v2');
  store.fail('throw');
  await client.refresh('db');
  await clock.pass('1s');
  kms.fail('identity');
  await clock.pass('6m');
  kms.fail('unreachable');
  await clock.pass('6m');
  await client.get('db');
  kms.fail('denied');
  await client.refresh('db').catch(() => {});

  for (const [name, messages] of channels) {
    expect([name, messages.length > 0]).toEqual([name, true]);
    for (const message of messages) expect(message).toMatchObject({ client: client.monitor });
  }
  const [[, refreshed], [, rotated]] = channels as [(typeof channels)[0], (typeof channels)[0]]; // the first two names
  expect(refreshed[0]).toEqual({ client: client.monitor, name: 'db', stage: 'ACSCurrent', versionId: 'v2' });
  expect(rotated[0]).toMatchObject({ versionId: 'v2', previousVersionId: 'v1', lag: undefined });
  expect(rotated[0]).not.toHaveProperty('secret');
});

test('no message leads to a value', async () => {
  const seen: unknown[] = [collectFetches(), collect('created'), collect('refreshed'), collect('rotated')];
  const { client, kms } = setUpClient();
  await client.get('db');
  kms.put('db', 'v2');
  await client.refresh('db');
  const printed = inspect(seen, { depth: Number.POSITIVE_INFINITY, showHidden: true, getters: true });

  expect(printed).toContain("versionId: 'v2'");
  expect(printed).not.toContain('s3cret-');
  expect(Object.keys(client.monitor)).toEqual(['isClosed', 'stats', 'health', 'describe', 'statusOf']);
});

test('a client is published when it is created and when it is closed', async () => {
  const created = collect('created');
  const closed = collect('closed');
  const { client } = setUpClient();

  expect(created).toEqual([{ client: client.monitor }]);
  expect(closed).toEqual([]);
  await client.close();
  await client.close();
  expect(closed).toEqual([{ client: client.monitor }]);
  expect(client.monitor.isClosed).toBe(true);
});

test('without a subscriber no channel has a message', async () => {
  const { client } = setUpClient();
  await client.get('db');

  expect([fetches.hasSubscribers, channel('kms-secrets:refreshed').hasSubscribers]).toEqual([false, false]);
});

test('a description without the list of secrets still has their oldest age', async () => {
  const { client, clock, kms } = setUpClient({ names: ['db', 'api'], retry: { maxAttempts: 1 } });

  expect(client.describe({ secrets: false })).toMatchObject({ oldestAge: undefined });
  await client.get('db');
  await clock.pass('90s');
  await client.get('api');
  await clock.pass('10s');
  kms.fail('unreachable');
  await client.refresh('db').catch(() => {});
  const { secrets, oldestAge, endpoints } = client.describe({ secrets: false });
  const sinceSuccess = endpoints[0]?.sinceSuccess;

  expect(secrets).toEqual([]);
  expect(oldestAge).toBeGreaterThanOrEqual(100_000);
  expect(sinceSuccess).toBeLessThan(100_000);
  expect(sinceSuccess).toBeGreaterThanOrEqual(10_000);
});

test('the failures of an endpoint are counted by kind', async () => {
  const { client, kms } = setUpClient({ retry: { maxAttempts: 1 } });
  kms.fail('unreachable');
  await client.get('db').catch(() => {});
  await client.get('db').catch(() => {});
  kms.fail('denied');
  await client.get('db').catch(() => {});

  expect(client.describe().endpoints[0]?.failuresByKind).toEqual({ unreachable: 2, denied: 1 });
});
