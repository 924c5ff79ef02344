import { get } from 'node:http';
import { expect } from 'vitest';

import type { StartApp } from '../scenarios/harness/run-scenario.ts';
import { sha256 } from '../scenarios/harness/sha256.ts';
import { clause, errorResponse } from './adapter-fixture.ts';
import type { Clause } from './contract.ts';
import { until } from './until.ts';

/** Sends a request, and drops the connection before the response as soon as `hasArrived` returns true. */
async function disconnectEarly(url: URL, hasArrived: () => boolean): Promise<void> {
  const pending = get(url, { agent: false }).on('error', () => {});
  await until(hasArrived);
  pending.destroy();
}

/** How an app behaves during a rotation, during an outage, and at shutdown. */
export const lifecycleClauses: readonly Clause<StartApp>[] = [
  clause('during a rotation no read fails and no response mixes two versions', {}, async ({ app, kms, client }) => {
    const hashes = new Map<string, string>();
    const rotate = async (): Promise<void> => {
      const versionId = `v${hashes.size + 1}`;
      const value = `s3cret-${hashes.size + 1}`;
      hashes.set(versionId, sha256(value));
      kms.put('db', versionId, { value });
      await client.refresh('db');
    };
    await rotate();

    const reading = Promise.all(Array.from({ length: 40 }, () => app.read('db')));
    // One rotation per turn of the event loop, so that one happens at every await of a route.
    await until(async () => {
      await rotate();
      return app.openRequests === 0;
    });

    const responses = await reading;
    expect(responses.filter(({ status }) => status !== 200)).toEqual([]);
    expect(responses.filter(({ versionId = '', sha256: hash }) => hashes.get(versionId) !== hash)).toEqual([]);
    expect(new Set(responses.map(({ versionId }) => versionId)).size).toBeGreaterThan(1);
  }),
  clause('a version fetched in the background is served to later reads', {}, async ({ app, kms, clock }) => {
    kms.put('db', 'v1');
    const responses = [await app.read('db'), await app.read('db')];
    kms.put('db', 'v2');
    await clock.pass('2m');
    responses.push(await app.read('db'));

    expect(responses.map(({ versionId }) => versionId)).toEqual(['v1', 'v1', 'v2']);
  }),
  clause('a stale value is served and marked stale', {}, async ({ app, kms, clock }) => {
    kms.put('db', 'v1', { value: 's3cret-one' });
    await app.read('db');
    kms.fail('unreachable');
    await clock.pass('2m');

    const response = await app.read('db');

    expect(response).toEqual({ status: 200, versionId: 'v1', stale: true, sha256: sha256('s3cret-one') });
  }),
  clause(
    'ready waits for the preloaded secrets',
    { preload: ['db'], retry: { maxAttempts: 2 } },
    async ({ app, kms, clock }) => {
      kms.put('db', 'v1');
      kms.fail('hang');
      const pending = app.ready();
      await until(() => kms.requests.length === 1);
      const wasPending = app.openRequests === 1;
      kms.heal();
      await clock.pass('5s');

      expect(wasPending).toBe(true);
      expect(await pending).toEqual({ status: 200 });
    },
  ),
  clause(
    'ready is a 503 while a preloaded secret is missing',
    { preload: ['db', 'gone'] },
    async ({ app, kms, clock }) => {
      kms.put('db', 'v1');
      const pending = app.ready();
      await until(() => kms.requests.length === 2);
      await clock.pass('30s');

      expect(await pending).toEqual(errorResponse('ERR_SECRET_SET'));
    },
  ),
  clause('health is ok, degraded while a value is stale, then ok again', {}, async ({ app, kms, clock }) => {
    kms.put('db', 'v1');
    await app.read('db');
    const responses = [await app.health()];
    kms.fail('unavailable');
    await clock.pass('2m');
    responses.push(await app.health());
    kms.heal();
    await clock.pass('5m');
    responses.push(await app.health());

    const ok = { status: 200, health: 'ok' };
    const degraded = { status: 200, health: 'degraded' };
    expect(responses).toEqual([ok, degraded, ok]);
  }),
  clause('health is failing when no secret can be served', {}, async ({ app, kms, client }) => {
    kms.fail('unreachable');
    await app.read('db');
    const responses = [await app.health()];
    kms.heal();
    kms.put('db', 'v1');
    await app.refresh('db');
    responses.push(await app.health());
    await client.close();
    responses.push(await app.health());

    const failing = { status: 503, health: 'failing' };
    expect(responses).toEqual([failing, { status: 200, health: 'ok' }, failing]);
  }),
  clause('health is failing while a preloaded secret is refused', { preload: ['db'] }, async ({ app, kms, clock }) => {
    kms.put('db', 'v1');
    await app.ready();
    const responses = [await app.health()];
    kms.fail('denied', 'db');
    await app.refresh('db');
    responses.push(await app.health());
    kms.put('db', 'v1');
    await clock.pass('2m');
    responses.push(await app.health());

    const ok = { status: 200, health: 'ok' };
    expect(responses).toEqual([ok, { status: 503, health: 'failing' }, ok]);
  }),
  clause('health and stats do not wait for a KMS that hangs', {}, async ({ app, kms, client }) => {
    kms.fail('hang');
    const reading = app.read('db');
    await until(() => kms.requests.length === 1);

    const responses = Promise.all([app.health(), app.stats()]);
    await until(() => app.openRequests === 1);

    expect(await responses).toMatchObject([{ status: 200, health: 'ok' }, { inFlight: 1 }]);
    await client.close();
    await reading;
  }),
  clause('stats are the client’s own numbers', {}, async ({ app, kms, client }) => {
    kms.put('db', 'v1');
    await app.read('db');
    await app.read('db');

    expect(await app.stats()).toEqual({ ...client.stats() });
    expect(await app.stats()).toMatchObject({ hits: 1, misses: 1, fetches: 1, secrets: 1 });
  }),
  clause('pending reads get a response when the client closes', {}, async ({ app, kms, client }) => {
    kms.fail('hang');
    const reading = Promise.all([app.read('db'), app.read('db'), app.read('other'), app.refresh('db')]);
    await until(() => kms.requests.length === 2);

    await client.close();

    const closed = errorResponse('ERR_CLIENT_CLOSED');
    expect(await reading).toEqual([closed, closed, closed, closed]);
    expect(await app.read('db')).toEqual(closed);
  }),
  clause(
    'a caller that disconnects does not end the reads of others',
    { retry: { maxAttempts: 2 } },
    async ({ app, kms, clock, client, running }) => {
      kms.put('db', 'v1');
      kms.fail('hang');
      await disconnectEarly(new URL('/secrets/db', running.url), () => kms.requests.length === 1);
      const reading = app.read('db');
      await until(() => client.stats().misses === 2);
      kms.heal();
      await clock.pass('10s');

      expect(await reading).toMatchObject({ status: 200, versionId: 'v1' });
      expect(await app.read('db')).toMatchObject({ status: 200, versionId: 'v1' });
    },
  ),
  clause(
    'pending reads get a response before the app has closed',
    { retry: { maxAttempts: 2 } },
    async ({ app, kms, clock, client, running }) => {
      kms.put('db', 'v1');
      kms.put('key', 'v1');
      kms.fail('hang');
      const refreshing = app.refresh('db');
      await until(() => kms.requests.length === 1);
      const reads = Array.from({ length: 20 }, (_, index) => app.read(index % 2 === 0 ? 'db' : 'key'));
      const pending = Promise.allSettled([refreshing, ...reads]);
      await until(() => client.stats().misses === reads.length);
      const closing = running.close();
      kms.heal();
      await clock.pass('10s');

      const complete = { status: 'fulfilled', value: { status: 200, versionId: 'v1' } };
      expect(await pending).toMatchObject(Array.from({ length: 21 }, () => complete));
      await closing;
      await expect(app.read('db')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    },
  ),
];
