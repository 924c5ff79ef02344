import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RunningApp } from './running-app.ts';
import { searchForSecrets } from './sentinel-search.ts';

const cacheComponents = { settings: { cacheComponents: true } };

describe('Next 16 with cacheComponents', () => {
  let app: RunningApp;
  beforeAll(async () => {
    app = await RunningApp.start('cached', cacheComponents);
  });
  afterAll(() => app.stop());

  test.each(['/suspended', '/sitemap.xml', '/route'])('reads its secret when %s is requested', async (path) => {
    expect((await app.get(path)).text).toMatch(/db(?: |%20)[0-9a-f]{32}/u);
  });

  test('prerenders the page around a secret without its value', async () => {
    expect(app.fixture.output).toMatch(/◐ \/suspended/u);
    expect((await searchForSecrets(join(app.fixture.directory, '.next'))).found).toEqual([]);
  });

  test('computes health per request, not at build time', async () => {
    expect(JSON.parse((await app.get('/health')).text)).toMatchObject({ status: 'ok', secrets: [{ name: 'db' }] });
  });
});
