import { createSecretClient } from '@kms-secrets/core';
import type { SecretClient, SecretClientOptions } from '@kms-secrets/core';
import { expect } from 'vitest';

import { FakeClock } from '../fake-clock.ts';
import { FakeTransport } from '../fake-transport.ts';
import { App, fieldsOf } from '../scenarios/form/app.ts';
import { sha256 } from '../scenarios/form/hash.ts';
import type { RunningApp, StartApp } from '../scenarios/form/perform.ts';
import { describeContract } from './contract.ts';
import type { Clause } from './contract.ts';
import { until } from './until.ts';

/**
 * What the five routes must do in any framework: `startApp` listens on loopback with an app around the given client.
 *
 * - `GET /secrets/:name` and `POST /secrets/:name/refresh`: `name`, `versionId`, `stale` and the `sha256` of the value
 * - `GET /ready`: 200 once the preloaded names are there
 * - `GET /health`: `status` is `ok`, `degraded` (both 200) or `failing` (503)
 * - `GET /stats`: the numbers of `client.stats()`
 *
 * An error is 503, or 500 if the program is wrong, and its body is `{ code }` and nothing else.
 */
export function describeAdapter(name: string, startApp: StartApp): void {
  describeContract(`${name} keeps the adapter contract`, adapterClauses, startApp);
}

interface Stage {
  readonly app: App;
  readonly kms: FakeTransport;
  readonly clock: FakeClock;
  readonly client: SecretClient;
  readonly running: RunningApp;
}

const oddNames: readonly string[] = [
  'prod/db',
  '../../etc/passwd',
  'a/../b',
  '%2e%2e',
  'a%2Fb',
  'refresh',
  'rds!main',
  'a b+c&d=e?f#g',
  'ключ-密码',
  'constructor',
  'x'.repeat(192),
];

const refusal = (code: string): object => ({ status: 503, code });

export const adapterClauses: readonly Clause<StartApp>[] = [
  clause('a read answers name, version, whether it is stale, and a hash', {}, async ({ app, kms }) => {
    kms.put('db', 'v1', { value: 's3cret-one' });

    const { status, headers, text } = await app.ask('GET', '/secrets/db');

    expect(status).toBe(200);
    expect(headers['content-type']).toMatch(/^application\/json\b/u);
    expect(headers['cache-control']).toContain('no-store');
    expect(fieldsOf(text)).toEqual({ name: 'db', versionId: 'v1', stale: false, sha256: sha256('s3cret-one') });
  }),
  clause('a binary secret is read as well', {}, async ({ app, kms }) => {
    kms.put('key', 'v1', { value: 's3cret-密码', dataType: 'binary' });

    expect(await app.read('key')).toMatchObject({ status: 200, sha256: sha256('s3cret-密码') });
  }),
  ...oddNames.map((name) =>
    clause(`${name.length > 60 ? `a text of ${name.length} characters` : name} is a name`, {}, async ({ app, kms }) => {
      kms.put(name, 'v1', { value: 's3cret-odd' });

      const answers = [await app.read(name), await app.refresh(name)];

      expect(answers).toMatchObject([{ status: 200 }, { status: 200 }]);
      expect(kms.requests.map((asked) => asked.name)).toEqual([name, name]);
      expect((await app.read(`not ${name}`.slice(0, 192))).code).toBe('ERR_SECRET_NOT_FOUND');
    }),
  ),
  clause('.. is a name, or not found where a server takes it for a way up', {}, async ({ app, kms }) => {
    kms.put('..', 'v1', { value: 's3cret-odd' });

    // Node's own URL resolves it, also when it is escaped; a framework that is built on that never sees it.
    const answers = [await app.read('..'), await app.refresh('..')];

    const isName = kms.requests.length > 0;
    expect(answers).toMatchObject(isName ? [{ status: 200 }, { status: 200 }] : [{ status: 404 }, { status: 404 }]);
    expect(kms.requests.map((asked) => asked.name)).toEqual(isName ? ['..', '..'] : []);
  }),
  clause('many reads at the same time are one request to KMS', {}, async ({ app, kms }) => {
    kms.put('db', 'v1');

    const answers = await Promise.all(Array.from({ length: 100 }, () => app.read('db')));

    expect(answers.filter(({ status, versionId }) => status === 200 && versionId === 'v1')).toHaveLength(100);
    expect(kms.requests).toHaveLength(1);
  }),
  clause('a refresh brings the new version, for later reads too', {}, async ({ app, kms }) => {
    kms.put('db', 'v1');
    await app.read('db');
    kms.put('db', 'v2', { value: 's3cret-two' });

    const answers = [await app.refresh('db'), await app.read('db')];

    const expected = { status: 200, versionId: 'v2', stale: false, sha256: sha256('s3cret-two') };
    expect(answers).toEqual([expected, expected]);
  }),
  clause('a refresh that fails says so, though there is a value', {}, async ({ app, kms }) => {
    kms.put('db', 'v1');
    await app.read('db');
    kms.fail('unavailable');

    expect(await app.refresh('db')).toEqual(refusal('ERR_SECRET_UNAVAILABLE'));
    expect(await app.read('db')).toMatchObject({ status: 200, versionId: 'v1' });
  }),
  clause('asking for a refresh is a POST: whoever follows links changes nothing', {}, async ({ app, kms }) => {
    kms.put('db', 'v1');

    const { status } = await app.ask('GET', '/secrets/db/refresh');

    expect(status).toBeGreaterThanOrEqual(400);
    expect(kms.requests).toHaveLength(0);
  }),
  ...(
    [
      ['notFound', 'ERR_SECRET_NOT_FOUND'],
      ['denied', 'ERR_ACCESS_DENIED'],
      ['disabled', 'ERR_SECRET_DISABLED'],
      ['rejected', 'ERR_REQUEST_REJECTED'],
      ['unavailable', 'ERR_SECRET_UNAVAILABLE'],
      ['throttled', 'ERR_SECRET_UNAVAILABLE'],
    ] as const
  ).map(([failure, code]) =>
    clause(`${failure} is a 503 with ${code} and nothing else`, {}, async ({ app, kms }) => {
      kms.fail(failure);

      const answers = [await app.ask('GET', '/secrets/db'), await app.ask('POST', '/secrets/db/refresh')];

      for (const { status, headers, text } of answers) {
        expect(status).toBe(503);
        expect(fieldsOf(text)).toEqual({ code });
        expect(headers['cache-control']).toContain('no-store');
      }
    }),
  ),
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
  clause('stats are the client’s own numbers', {}, async ({ app, kms, client }) => {
    kms.put('db', 'v1');
    await app.read('db');
    await app.read('db');

    expect(await app.stats()).toEqual({ ...client.stats() });
    expect(await app.stats()).toMatchObject({ hits: 1, misses: 1, fetches: 1, secrets: 1 });
  }),
  clause('a path that cannot be decoded is the caller’s mistake', {}, async ({ app, kms }) => {
    const answers = [await app.ask('GET', '/secrets/%E0%A4%A'), await app.ask('GET', '/secrets/%')];

    for (const { status, text } of answers) {
      expect(status).toBe(400);
      expect(/\bat \S+ \(|node_modules|file:/u.test(text), 'the answer shows a stack').toBe(false);
    }
    expect(kms.requests).toHaveLength(0);
  }),
  clause('a name that is too long is refused, and KMS not asked', {}, async ({ app, kms }) => {
    expect(await app.read('x'.repeat(193))).toEqual(refusal('ERR_REQUEST_REJECTED'));
    expect(kms.requests).toHaveLength(0);
  }),
  clause('another path is a 404', {}, async ({ app }) => {
    const asked = await Promise.all(['/', '/secrets', '/secrets/', '/secrets/a/b'].map((path) => app.ask('GET', path)));

    expect(asked.map(({ status }) => status)).toEqual([404, 404, 404, 404]);
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
  clause('reads under way are answered before the app ends', { tries: 2 }, async ({ app, kms, clock, running }) => {
    kms.put('db', 'v1');
    kms.fail('hang');
    const reading = Promise.allSettled([app.read('db')]);
    await until(() => kms.requests.length === 1);
    const ending = running.close();
    kms.heal();
    await clock.pass('10s');

    expect(await reading).toMatchObject([{ status: 'fulfilled', value: { status: 200, versionId: 'v1' } }]);
    await ending;
    await expect(app.read('db')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  }),
];

/** A clause about an app whose KMS is a fake without a wire; whatever it answered, no value was in it. */
function clause(name: string, options: SecretClientOptions, check: (stage: Stage) => Promise<void>): Clause<StartApp> {
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
