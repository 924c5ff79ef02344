import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { steadyLoad } from '../support/steady-load.ts';
import { version, versionTitle } from './next-version.ts';
import { RunningApp } from './running-app.ts';
import { searchForSecrets, sentinel } from './sentinel-search.ts';

const isStandalone = version === 'next';

describe(`${versionTitle}: an app built without KMS and without configuration`, () => {
  let app: RunningApp;
  beforeAll(async () => {
    const settings = isStandalone ? { output: 'standalone' } : {};
    app = await RunningApp.start('safe', { version, settings }, { isStandalone });
  });
  afterAll(() => app.stop());

  test.each(['/', '/revalidated', '/suspended', '/titled', '/sitemap.xml', '/route', '/read/db'])(
    'reads its secret when %s is requested, and not before',
    async (path) => {
      const { status, text } = await app.get(path);

      expect(status).toBe(200);
      expect(text).toMatch(/db(?: |%20)[0-9a-f]{32}/u);
    },
  );

  test('fetches it once for all pages, routes and the proxy', () => {
    expect(app.kms.requests.filter(({ secretName }) => secretName === 'db')).toHaveLength(1);
  });

  test('reads it in a server action', async () => {
    const { text } = await app.get('/action');
    const [, field = ''] = /name="(\$ACTION_ID_[0-9a-f]+)"/u.exec(text) ?? [];
    const body = new FormData();
    body.set(field, '');

    await app.get('/action', { method: 'POST', body });

    expect(app.next.output()).toMatch(/saved with db [0-9a-f]{32}/u);
  });

  test('reads it in after()', async () => {
    await app.get('/after');

    expect((await app.get('/after')).text).toMatch(/"seen":\["db [0-9a-f]{32}/u);
  });

  test('uses one version for the whole of a request', async () => {
    await app.get('/route');
    const versionId = app.kms.rotate('db');

    const { versions, fetched, isSame } = JSON.parse((await app.get('/refreshed')).text) as {
      versions: readonly string[];
      fetched: string;
      isSame: boolean;
    };

    expect(fetched).toBe(versionId);
    expect(new Set(versions).size).toBe(1);
    expect(versions).not.toContain(versionId);
    expect(isSame).toBe(true);
    expect((await app.get('/route')).text).toContain(versionId);
  });

  test('fails no request and mixes no versions during rotations at 200 requests/s', async () => {
    const load = { perSecond: 200, ms: 2_000 };
    await app.get('/versions');
    const rotating = setInterval(() => {
      app.kms.rotate('db');
      void app.get('/refreshed');
    }, 500);
    onTestFinished(() => clearInterval(rotating));

    const responses = await steadyLoad(`${app.next.url}/versions`, load);

    expect(responses.filter(({ status }) => status !== 200)).toEqual([]);
    expect(responses).toHaveLength((load.perSecond * load.ms) / 1_000);
    const seen = responses.map(({ text }) => JSON.parse(text) as readonly string[]);
    expect(seen.filter((versions) => new Set(versions).size !== 1)).toEqual([]);
    expect(new Set(seen.flat()).size).toBeGreaterThan(1);
  });

  test.each([
    ['a Secret', '/to-client/secret', 'db'],
    ['a nested Secret', '/to-client/nested', 'db'],
    ['the text of a secret', '/to-client/text', 'db'],
    ['a field of a secret', '/to-client/field', 'account'],
    ['the JSON of a secret', '/to-client/json', 'account'],
  ])('fails a request that passes %s to a client component, and names the secret', async (_, path, name) => {
    const before = app.next.output().length;

    const { status } = await app.get(path);

    expect(status).toBe(500);
    expect(app.next.output().slice(before)).toContain(`Secret "${name}" must not be sent to the browser.`);
  });

  test('passes a common word to a client component, although a secret has it in a field', async () => {
    const { status, text } = await app.get('/to-client/region');

    expect(status).toBe(200);
    expect(text).toContain('cn-hangzhou');
  });

  test.each(['/stored/1', '/stored-route/1'])('responds to %s with an error that is not cached', async (path) => {
    const before = app.next.output().length;

    const responses = [await app.get(path), await app.get(path)];

    expect(responses.map(({ status }) => status)).toEqual([500, 500]);
    expect(responses.map(({ headers }) => headers.get('cache-control') ?? '').join()).not.toContain('s-maxage');
    expect(app.next.output().slice(before)).toContain(
      'getSecret("db") was called while this route is rendered for the cache',
    );
  });

  test('responds with an error to a read inside unstable_cache', async () => {
    expect((await app.get('/unstable')).status).toBe(500);
    expect(app.next.output()).toContain('getSecret("db") was called outside of a request.');
  });

  test('serves a route on the edge, where the adapter sets up nothing', async () => {
    expect(await app.get('/edge')).toMatchObject({ status: 200, text: 'edge' });
  });

  test('completes the requests in progress on SIGTERM, then exits', async () => {
    app.kms.fault({ kind: 'slow', ms: 1_000 }, { secretName: 'late' });
    const reads = [app.get('/read/late'), app.get('/read/late'), app.get('/read/db')];
    await expect.poll(() => app.kms.openRequests, { timeout: 10_000 }).toBe(1);

    const code = await app.next.stop();

    expect((await Promise.all(reads)).map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(code === 143 || code === 0).toBe(true);
  });

  test('leaves no secret value in the files of the build or in its output', async () => {
    const { searched, found } = await searchForSecrets(join(app.fixture.directory, '.next'));

    console.log(`${versionTitle}: ${searched} files of .next searched, ${found.length} contain a value`);
    expect(searched).toBeGreaterThan(100);
    expect(found).toEqual([]);
    expect(`${app.fixture.output}${app.next.output()}`.includes(sentinel)).toBe(false);
  });
});
