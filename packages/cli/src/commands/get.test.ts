import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startFakeKms } from '@kms-secrets/testing';
import type { FakeKms } from '@kms-secrets/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { clockAhead, runCli, TestHost } from '../test-host.fixture.ts';

let kms: FakeKms;
beforeAll(async () => {
  kms = await startFakeKms();
  kms.put('prod/api', 's3cret-api\nwith a line\n');
  kms.put('prod/db', JSON.stringify({ user: 'app', password: 's3cret-pw', list: [{ 'a.b': 7 }], none: null }));
  kms.put('prod/cert', Buffer.from('s3cret-\0binary').toString('base64'), { dataType: 'binary' });
});
afterAll(() => kms.close());

test('writes the value as it is', async () => {
  const { code, stdout, stderr } = await runCli(kms, ['get', 'prod/api']);

  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout === 's3cret-api\nwith a line\n').toBe(true);
});

test.each([
  ['user', 'app'],
  ['list', '[{"a.b":7}]'],
  ['list.0.a\\.b', '7'],
  ['none', 'null'],
])('prints the property %s of a JSON secret', async (key, value) => {
  expect(await runCli(kms, ['get', 'prod/db', '--key', key])).toEqual({ code: 0, stdout: value, stderr: '' });
});

test.each(['nope', 'user.length', 'list.1', '__proto__', 'list.constructor'])(
  'does not find a property %s',
  async (key) => {
    const { code, stdout, stderr } = await runCli(kms, ['get', 'prod/db', '-k', key]);

    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(`has no property "${key}".`);
  },
);

test('writes a binary secret as text, and with --base64 as its bytes', async () => {
  const plain = await runCli(kms, ['get', 'prod/cert']);
  const decoded = await runCli(kms, ['get', 'prod/cert', '--base64']);

  expect(Buffer.from(plain.stdout, 'base64').includes('\0binary')).toBe(true);
  expect(decoded.stdout === 's3cret-\0binary').toBe(true);
});

test('refuses --base64 for a text secret', async () => {
  expect((await runCli(kms, ['get', 'prod/api', '--base64'])).stderr).toContain('is a text secret');
});

test('reads a stage and a version', async () => {
  kms.put('prod/old', 's3cret-1', { versionId: 'v1' });
  kms.put('prod/old', 's3cret-2', { versionId: 'v2' });

  expect((await runCli(kms, ['get', 'prod/old', '--stage', 'ACSPrevious'])).stdout === 's3cret-1').toBe(true);
  expect((await runCli(kms, ['get', 'prod/old', '--version=v1'])).stdout === 's3cret-1').toBe(true);
});

describe('at a terminal', () => {
  test('sends no request without --reveal', async () => {
    kms.clearRequests();
    const { code, stdout, stderr } = await runCli(kms, ['get', 'prod/api'], { isTerminal: true });

    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('pass --reveal');
    expect(kms.requests).toEqual([]);
  });

  test('ends the value with a line break', async () => {
    const { code, stdout } = await runCli(kms, ['get', 'prod/db', '-k', 'user', '--reveal'], { isTerminal: true });

    expect({ code, stdout }).toEqual({ code: 0, stdout: 'app\n' });
  });

  test('does not print a binary secret', async () => {
    const { code, stdout, stderr } = await runCli(kms, ['get', 'prod/cert', '--reveal'], { isTerminal: true });

    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain('is binary');
  });
});

test('reports a secret that does not exist, with what to check', async () => {
  const { code, stdout, stderr } = await runCli(kms, ['get', 'prod/nope']);

  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toMatch(/^kms-secrets: Secret "prod\/nope" .*was not found\..*Check the name/u);
});

test('reports every configuration error with its variable', async () => {
  const { code, stderr } = await new TestHost({ environment: { KMS_SECRETS_TTL: '15 minutes' } }).run('get', 'prod/db');

  expect(code).toBe(1);
  expect(stderr).toContain('ttl (KMS_SECRETS_TTL): expected a duration');
  expect(stderr).toContain('endpoints (option, environment and file): expected at least one region');
});

test('ends quietly when the reader of its output is gone', async () => {
  const host = new TestHost({ environment: kms.environment() });
  host.stdout.error = Object.assign(new Error('write EPIPE'), { code: 'EPIPE' });

  expect(await host.run('get', 'prod/api')).toEqual({ code: 141, stdout: '', stderr: '' });
});

describe('with a store', () => {
  const folder = mkdtempSync(join(tmpdir(), 'kms-secrets-cli-'));
  const environment = {
    KMS_SECRETS_CLI_STORE: join(folder, 'secrets'),
    KMS_SECRETS_CLI_STORE_KEY: randomBytes(32).toString('hex'),
  };
  afterAll(() => rmSync(folder, { recursive: true }));

  test('uses the stored version while KMS is unavailable, and says so', async () => {
    kms.put('prod/stored', 's3cret-stored', { versionId: 'v1' });
    await runCli(kms, ['get', 'prod/stored'], { environment });
    const fault = kms.fault({ kind: 'reset' });

    // Past its TTL: a fresh one needs no KMS.
    const clock = clockAhead(7_200_000);
    const options = { environment, clock };
    const { code, stdout, stderr } = await runCli(kms, ['get', 'prod/stored', '--timeout', '500ms'], options);
    fault.heal();

    expect(stderr).toContain('using the stored version v1 of "prod/stored", fetched 2 h');
    expect(code).toBe(0);
    expect(stdout === 's3cret-stored').toBe(true);
  });

  test('refuses a password in an argument', async () => {
    const { code, stderr } = await runCli(kms, ['get', 'prod/api', '--store', 'redis://:s3cret-pw@127.0.0.1'], {
      environment,
    });

    expect(code).toBe(2);
    expect(stderr).toContain('contains a password');
    expect(stderr.includes('s3cret')).toBe(false);
  });

  test('names the variable of a key that is none', async () => {
    const { stderr } = await runCli(kms, ['get', 'prod/api'], {
      environment: { ...environment, KMS_SECRETS_CLI_STORE_KEY: 'x' },
    });

    expect(stderr).toContain('key (KMS_SECRETS_CLI_STORE_KEY): expected');
  });

  test('needs a key', async () => {
    const { code, stderr } = await runCli(kms, ['get', 'prod/api', '--store', folder]);

    expect(code).toBe(1);
    expect(stderr).toContain('KMS_SECRETS_CLI_STORE_KEY');
  });
});
