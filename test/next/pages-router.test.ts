import { join } from 'node:path';
import { startFakeKms } from '@kms-secrets/testing';
import type { FakeKms } from '@kms-secrets/testing';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { build, environmentOf } from './fixture-app.ts';
import type { Environment } from './next-process.ts';
import { startNext, startUntilExit } from './next-process.ts';
import { version, versionTitle } from './next-version.ts';
import { RunningApp } from './running-app.ts';
import { searchForSecrets } from './sentinel-search.ts';

describe(`${versionTitle}: the Pages Router`, () => {
  let app: RunningApp;
  beforeAll(async () => {
    app = await RunningApp.start('pages-router', { version });
  });
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

// With the same build: a build takes as long as all tests of this file.
describe(`${versionTitle}: a server that preloads a secret`, () => {
  let directory = '';
  beforeAll(async () => {
    ({ directory } = await build('pages-router', { version }));
  });

  async function setup(settings: Environment = {}): Promise<{ kms: FakeKms; environment: Environment }> {
    const kms = await startFakeKms({ regions: ['cn-hangzhou'] });
    onTestFinished(() => kms.close());
    kms.put('db', 'one');
    return { kms, environment: { ...environmentOf(), ...kms.environment(), secret_names: 'db', ...settings } };
  }

  test('serves requests when KMS returns during the start', async () => {
    const { kms, environment } = await setup({ KMS_SECRETS_READY_TIMEOUT: '60s' });
    await kms.stop('cn-hangzhou');
    await using next = await startNext(directory, 'start', environment);
    const pending = fetch(next.url);
    await kms.start('cn-hangzhou');

    expect((await pending).status).toBe(200);
    expect((await fetch(next.url)).status).toBe(200);
  });

  test('exits and names the secret if KMS stays unavailable', async () => {
    const { kms, environment } = await setup({ KMS_SECRETS_READY_TIMEOUT: '1s' });
    await kms.stop('cn-hangzhou');

    const { code, output } = await startUntilExit(directory, environment);

    expect(output).toMatch(/The server cannot start without its secrets, and exits with code 1\..*db/su);
    expect(code).toBe(1);
  });

  test('exits and names the secret if KMS refuses it', async () => {
    const { environment } = await setup({ secret_names: 'db,gone' });

    const { code, output } = await startUntilExit(directory, environment);

    expect(output).toMatch(/1 of 2 secrets could not be preloaded:.*gone/su);
    expect(code).toBe(1);
  });

  test('exits and names the missing option without a configuration', async () => {
    const { code, output } = await startUntilExit(directory, environmentOf());

    expect(output).toMatch(/endpoints \(option, environment and file\): expected .*got nothing/su);
    expect(code).toBe(1);
  });
});
