import { join } from 'node:path';
import { startFakeKms } from '@kms-secrets/testing';
import type { FakeKms } from '@kms-secrets/testing';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { steadyLoad } from '../support/steady-load.ts';
import { build, environmentOf } from './fixture-app.ts';
import type { FixtureApp, FixtureOptions } from './fixture-app.ts';
import { startNext, startStandalone } from './next-process.ts';
import type { NextProcess } from './next-process.ts';
import { searchForSecrets, sentinel } from './sentinel-search.ts';

const root = join(import.meta.dirname, '../..');

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly headers: Headers;
}

/** Builds an app without KMS, and starts it with one. */
async function started(fixture: string, options: FixtureOptions, isStandalone = false): Promise<Running> {
  const app = await build(fixture, options);
  const kms = await startFakeKms({ regions: ['cn-hangzhou'] });
  kms.put('db', `${sentinel}db`);
  kms.put('late', `${sentinel}late`);
  kms.put('account', JSON.stringify({ user: 'shop', password: `${sentinel}password` }));
  const environment = { ...environmentOf(options.settings), ...kms.environment(), secret_names: 'db' };
  const standalone = join(app.directory, '.next/standalone', app.directory.slice(root.length));
  const next = await (isStandalone
    ? startStandalone(standalone, environment)
    : startNext(app.directory, 'start', environment));
  return new Running(app, kms, next);
}

class Running {
  readonly app: FixtureApp;
  readonly kms: FakeKms;
  readonly next: NextProcess;

  constructor(app: FixtureApp, kms: FakeKms, next: NextProcess) {
    this.app = app;
    this.kms = kms;
    this.next = next;
  }

  async get(path: string, init?: RequestInit): Promise<Answer> {
    const response = await fetch(`${this.next.url}${path}`, init);
    const text = await response.text();
    if (text.includes(sentinel)) throw new Error(`The answer to ${path} shows a value.`);
    return { status: response.status, text, headers: response.headers };
  }

  async end(): Promise<void> {
    await this.next.stop();
    await this.kms.close();
  }
}

describe.each([
  { title: 'Next 16, standalone', version: 'next', isStandalone: true },
  { title: 'Next 15', version: 'next15', isStandalone: false },
] as const)('$title: an app built without KMS and without configuration', ({ version, isStandalone }) => {
  let it: Running;
  beforeAll(async () => {
    const settings = isStandalone ? { output: 'standalone' } : {};
    it = await started('safe', { version, settings }, isStandalone);
  }, 240_000);
  afterAll(() => it.end());

  test.each(['/', '/revalidated', '/suspended', '/titled', '/sitemap.xml', '/route', '/read/db'])(
    'reads its secret when %s is asked for, and not before',
    async (path) => {
      const { status, text } = await it.get(path);

      expect(status).toBe(200);
      expect(text).toMatch(/db(?: |%20)[0-9a-f]{32}/u);
    },
  );

  test('reads it once, for all pages, routes and the proxy', () => {
    expect(it.kms.requests.filter(({ secretName }) => secretName === 'db')).toHaveLength(1);
  });

  test('reads it in a server action', async () => {
    const { text } = await it.get('/action');
    const [, field = ''] = /name="(\$ACTION_ID_[0-9a-f]+)"/u.exec(text) ?? [];
    const body = new FormData();
    body.set(field, '');

    await it.get('/action', { method: 'POST', body });

    expect(it.next.output()).toMatch(/saved with db [0-9a-f]{32}/u);
  });

  test('reads it after a route handler has answered', async () => {
    await it.get('/after');

    expect((await it.get('/after')).text).toMatch(/"seen":\["db [0-9a-f]{32}/u);
  });

  test('sees one version from the beginning of a request to its end', async () => {
    await it.get('/route');
    const versionId = it.kms.rotate('db');

    const { versions, fetched, isSame } = JSON.parse((await it.get('/twice')).text) as {
      versions: readonly string[];
      fetched: string;
      isSame: boolean;
    };

    expect(fetched).toBe(versionId);
    expect(new Set(versions).size).toBe(1);
    expect(versions).not.toContain(versionId);
    expect(isSame).toBe(true);
    expect((await it.get('/route')).text).toContain(versionId);
  });

  test('through rotations at 200 requests a second none fails, and none sees two versions', async () => {
    const load = { perSecond: 200, ms: 2_000 };
    await it.get('/looks');
    const rotating = setInterval(() => {
      it.kms.rotate('db');
      void it.get('/twice'); // fetches it
    }, 500);
    onTestFinished(() => clearInterval(rotating));

    const answers = await steadyLoad(`${it.next.url}/looks`, load);

    expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
    expect(answers).toHaveLength((load.perSecond * load.ms) / 1_000);
    const seen = answers.map(({ text }) => JSON.parse(text) as readonly string[]);
    expect(seen.filter((versions) => new Set(versions).size !== 1)).toEqual([]);
    expect(new Set(seen.flat()).size).toBeGreaterThan(1);
  });

  test.each([
    ['a Secret', '/hands-over/handle', 'db'],
    ['a Secret deep inside', '/hands-over/nested', 'db'],
    ['its text', '/hands-over/text', 'db'],
    ['a part of it', '/hands-over/part', 'account'],
    ['its JSON', '/hands-over/json', 'account'],
  ])('ends a request that hands %s to a client component, and names the secret', async (_, path, name) => {
    const before = it.next.output().length;

    const { status } = await it.get(path);

    expect(status).toBe(500);
    expect(it.next.output().slice(before)).toContain(`Secret "${name}" must not be sent to the browser.`);
  });

  test.each(['/stored/1', '/stored-route/1'])('answers %s with an error, each time: nothing is kept', async (path) => {
    const before = it.next.output().length;

    const answers = [await it.get(path), await it.get(path)];

    expect(answers.map(({ status }) => status)).toEqual([500, 500]);
    expect(answers.map(({ headers }) => headers.get('cache-control') ?? '').join()).not.toContain('s-maxage');
    expect(it.next.output().slice(before)).toContain(
      'getSecret("db") was called while this route is rendered for the cache',
    );
  });

  test('answers a read inside unstable_cache with an error', async () => {
    expect((await it.get('/unstable')).status).toBe(500);
    expect(it.next.output()).toContain('getSecret("db") was called outside of a request.');
  });

  test('builds for the edge too, where there is nothing to set up', async () => {
    expect(await it.get('/edge')).toMatchObject({ status: 200, text: 'edge' });
  });

  test('answers reads that are under way when it is told to end, and ends', async () => {
    it.kms.fault({ kind: 'slow', ms: 1_000 }, { secretName: 'late' });
    const reads = [it.get('/read/late'), it.get('/read/late'), it.get('/read/db')];
    await expect.poll(() => it.kms.openRequests, { timeout: 10_000 }).toBe(1);

    const code = await it.next.stop();

    expect((await Promise.all(reads)).map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(code === 143 || code === 0).toBe(true);
  });

  test('has left no value in any file, nor in what it printed', async () => {
    const { looked, found } = await searchForSecrets(join(it.app.directory, '.next'));

    console.log(`${version}: ${looked} files of .next looked through, ${found.length} with a value`);
    expect(looked).toBeGreaterThan(100);
    expect(found).toEqual([]);
    expect(`${it.app.output}${it.next.output()}`.includes(sentinel)).toBe(false);
  });
});

const cacheComponents = { settings: { cacheComponents: true } };

describe('Next 16 with cacheComponents', () => {
  let it: Running;
  beforeAll(async () => {
    it = await started('cached', cacheComponents);
  }, 240_000);
  afterAll(() => it.end());

  test.each(['/suspended', '/sitemap.xml', '/route'])('%s reads its secret when it is asked for', async (path) => {
    expect((await it.get(path)).text).toMatch(/db(?: |%20)[0-9a-f]{32}/u);
  });

  test('what is prerendered around a secret holds nothing of it', async () => {
    expect(it.app.output).toMatch(/◐ \/suspended/u);
    expect((await searchForSecrets(join(it.app.directory, '.next'))).found).toEqual([]);
  });

  test('health is that of this moment, and not of the build', async () => {
    expect(JSON.parse((await it.get('/health')).text)).toMatchObject({ status: 'ok', secrets: [{ name: 'db' }] });
  });
});

test('a server without its configuration does not answer, and says what is missing', async () => {
  const { directory } = await build('cached', cacheComponents);
  await using next = await startNext(directory, 'start', environmentOf(cacheComponents.settings));

  const answer = await fetch(`${next.url}/health`).catch(() => undefined);

  expect(answer?.ok ?? false).toBe(false);
  expect(next.output()).toMatch(/endpoints \(option, environment and file\): expected .*got nothing/su);
});
