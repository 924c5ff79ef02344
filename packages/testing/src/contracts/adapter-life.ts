import { get } from 'node:http';
import { expect } from 'vitest';

import { sha256 } from '../scenarios/harness/sha256.ts';
import type { StartApp } from '../scenarios/harness/run-scenario.ts';
import { clause, refusal } from './adapter-stage.ts';
import type { Clause } from './contract.ts';
import { until } from './until.ts';

/** Sends a request, and hangs up once `isAsked`: a caller that does not wait for its answer. */
async function hangUp(url: URL, isAsked: () => boolean): Promise<void> {
  const asking = get(url, { agent: false }).on('error', () => {});
  await until(isAsked);
  asking.destroy();
}

/** How an app gets through a rotation, an outage, and its own end. */
export const lifeClauses: readonly Clause<StartApp>[] = [
  clause(
    'while a secret is rotated, no read fails, and no answer mixes two versions',
    {},
    async ({ app, kms, client }) => {
      const hashes = new Map<string, string>();
      const rotate = async (): Promise<void> => {
        const [versionId, value] = [`v${hashes.size + 1}`, `s3cret-${hashes.size + 1}`];
        hashes.set(versionId, sha256(value));
        kms.put('db', versionId, { value });
        await client.refresh('db');
      };
      await rotate();

      const reading = Promise.all(Array.from({ length: 40 }, () => app.read('db')));
      // A rotation for each turn of the event loop: between any two things that a route waits for there is one.
      await until(async () => {
        await rotate();
        return app.openRequests === 0;
      }, 10_000);

      const answers = await reading;
      expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
      expect(answers.filter(({ versionId = '', sha256: hash }) => hashes.get(versionId) !== hash)).toEqual([]);
      expect(new Set(answers.map(({ versionId }) => versionId)).size).toBeGreaterThan(1);
    },
  ),
  clause('what the client has fetched by itself is read from then on', {}, async ({ app, kms, clock }) => {
    kms.put('db', 'v1');
    const seen = [await app.read('db'), await app.read('db')];
    kms.put('db', 'v2');
    await clock.pass('2m');
    seen.push(await app.read('db'));

    expect(seen.map(({ versionId }) => versionId)).toEqual(['v1', 'v1', 'v2']);
  }),
  clause('an old value is served and said to be old', {}, async ({ app, kms, clock }) => {
    kms.put('db', 'v1', { value: 's3cret-one' });
    await app.read('db');
    kms.fail('unreachable');
    await clock.pass('2m');

    const answer = await app.read('db');

    expect(answer).toEqual({ status: 200, versionId: 'v1', stale: true, sha256: sha256('s3cret-one') });
  }),
  clause('ready waits for the preloaded names', { preload: ['db'], tries: 2 }, async ({ app, kms, clock }) => {
    kms.put('db', 'v1');
    kms.fail('hang');
    const asking = app.ready();
    await until(() => kms.requests.length === 1);
    const wasOpen = app.openRequests === 1;
    kms.heal();
    await clock.pass('5s');

    expect(wasOpen).toBe(true);
    expect(await asking).toEqual({ status: 200 });
  }),
  clause(
    'ready is a 503 while a preloaded name is missing',
    { preload: ['db', 'gone'] },
    async ({ app, kms, clock }) => {
      kms.put('db', 'v1');
      const asking = app.ready();
      await until(() => kms.requests.length === 2);
      await clock.pass('30s');

      expect(await asking).toEqual(refusal('ERR_SECRET_SET'));
    },
  ),
  clause('health is ok, degraded while something is old, ok again', {}, async ({ app, kms, clock }) => {
    kms.put('db', 'v1');
    await app.read('db');
    const seen = [await app.health()];
    kms.fail('unavailable');
    await clock.pass('2m');
    seen.push(await app.health());
    kms.heal();
    await clock.pass('5m');
    seen.push(await app.health());

    const [ok, degraded] = [
      { status: 200, health: 'ok' },
      { status: 200, health: 'degraded' },
    ];
    expect(seen).toEqual([ok, degraded, ok]);
  }),
  clause('health is failing when nothing can be served', {}, async ({ app, kms, client }) => {
    kms.fail('unreachable');
    await app.read('db');
    const seen = [await app.health()];
    kms.heal();
    kms.put('db', 'v1');
    await app.refresh('db');
    seen.push(await app.health());
    await client.close();
    seen.push(await app.health());

    const failing = { status: 503, health: 'failing' };
    expect(seen).toEqual([failing, { status: 200, health: 'ok' }, failing]);
  }),
  clause('health and figures do not wait for a KMS that hangs', {}, async ({ app, kms, client }) => {
    kms.fail('hang');
    const reading = app.read('db');
    await until(() => kms.requests.length === 1);

    const asking = Promise.all([app.health(), app.stats()]);
    await until(() => app.openRequests === 1);

    expect(await asking).toMatchObject([{ status: 200, health: 'ok' }, { inFlight: 1 }]);
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
  clause('reads under way are answered when the client closes', {}, async ({ app, kms, client }) => {
    kms.fail('hang');
    const reading = Promise.all([app.read('db'), app.read('db'), app.read('other'), app.refresh('db')]);
    await until(() => kms.requests.length === 2);

    await client.close();

    const closed = refusal('ERR_CLIENT_CLOSED');
    expect(await reading).toEqual([closed, closed, closed, closed]);
    expect(await app.read('db')).toEqual(closed);
  }),
  clause(
    'a caller that hangs up ends nobody else’s read',
    { tries: 2 },
    async ({ app, kms, clock, client, running }) => {
      kms.put('db', 'v1');
      kms.fail('hang');
      await hangUp(new URL('/secrets/db', running.url), () => kms.requests.length === 1);
      const reading = app.read('db');
      await until(() => client.stats().misses === 2);
      kms.heal();
      await clock.pass('10s');

      expect(await reading).toMatchObject({ status: 200, versionId: 'v1' });
      expect(await app.read('db')).toMatchObject({ status: 200, versionId: 'v1' });
    },
  ),
  clause(
    'reads under way are answered before the app ends',
    { tries: 2 },
    async ({ app, kms, clock, client, running }) => {
      kms.put('db', 'v1');
      kms.put('key', 'v1');
      kms.fail('hang');
      const refreshing = app.refresh('db');
      await until(() => kms.requests.length === 1);
      const reads = Array.from({ length: 20 }, (_, index) => app.read(index % 2 === 0 ? 'db' : 'key'));
      const answering = Promise.allSettled([refreshing, ...reads]);
      await until(() => client.stats().misses === reads.length);
      const ending = running.close();
      kms.heal();
      await clock.pass('10s');

      const whole = { status: 'fulfilled', value: { status: 200, versionId: 'v1' } };
      expect(await answering).toMatchObject(Array.from({ length: 21 }, () => whole));
      await ending;
      await expect(app.read('db')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    },
  ),
];
