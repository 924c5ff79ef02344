import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { version, versionTitle } from './next-version.ts';
import { RunningApp } from './running-app.ts';
import { searchForSecrets } from './sentinel-search.ts';

describe(`${versionTitle}: the Pages Router`, () => {
  let app: RunningApp;
  beforeAll(async () => {
    app = await RunningApp.start('pages-router', { version });
  }, 240_000);
  afterAll(() => app.stop());

  test.each([
    ['getServerSideProps', '/'],
    ['an API route', '/api/fingerprint'],
  ])('reads a secret of the client in %s', async (_, path) => {
    const { status, text } = await app.get(path);

    expect(status).toBe(200);
    expect(text).toMatch(/db [0-9a-f]{32}/u);
    expect(app.kms.requests.filter(({ secretName }) => secretName === 'db')).toHaveLength(1);
  });

  test('refuses getSecret() and names what to use instead', async () => {
    expect((await app.get('/api/get-secret')).text).toContain('use getSecretClient() of @kms-secrets/next/setup');
  });

  test('leaves no secret value in the files of the build', async () => {
    expect((await searchForSecrets(join(app.fixture.directory, '.next'))).found).toEqual([]);
  });
});
