import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startFakeKms } from '@kms-secrets/testing';
import type { FakeKms } from '@kms-secrets/testing';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { runCli, TestHost } from '../test-host.fixture.ts';

const folder = mkdtempSync(join(tmpdir(), 'kms-secrets-pull-'));
let kms: FakeKms;
beforeAll(async () => {
  kms = await startFakeKms();
  kms.put('prod/api', 's3cret-api');
  kms.put('prod/json', '{"user":"s3cret-user","port":1}');
  kms.put('prod/rds', '{"AccountName":"s3cret-app","AccountPassword":"s3cret-pw"}', { type: 'Rds' });
  kms.put('prod/cert', Buffer.from('s3cret-binary').toString('base64'), { dataType: 'binary' });
});
afterAll(async () => {
  await kms.close();
  rmSync(folder, { recursive: true });
});

const lines = (text: string): string[] => text.trimEnd().split('\n').slice(1);

test('writes names, types and shapes with dummy values', async () => {
  const { code, stdout, stderr } = await runCli(kms, ['fake', 'pull']);

  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout.includes('s3cret')).toBe(false);
  expect(lines(stdout)).toEqual([
    '"prod/api": {"value":"dummy"}',
    '"prod/cert": {"value":"ZHVtbXk=","dataType":"binary"}',
    String.raw`"prod/json": {"value":"{\"user\":\"dummy\",\"port\":0}"}`,
    String.raw`"prod/rds": {"value":"{\"AccountName\":\"dummy\",\"AccountPassword\":\"dummy\"}","type":"Rds"}`,
  ]);
});

test('with --names-only, reads no value', async () => {
  kms.clearRequests();
  const { stdout } = await runCli(kms, ['fake', 'pull', '--names-only', '--prefix', 'prod/r']);

  expect(lines(stdout)).toEqual([
    String.raw`"prod/rds": {"value":"{\"AccountName\":\"dummy-AccountName\",\"AccountPassword\":\"dummy-AccountPassword\"}","type":"Rds"}`,
  ]);
  expect(kms.requests.map(({ action }) => action)).toEqual(['ListSecrets']);
});

test('the file works with the fake, and no other file is overwritten', async () => {
  const file = join(folder, 'secrets.local.yaml');
  const properties = join(folder, 'fake.properties');
  const first = await runCli(kms, ['fake', 'pull', '--output', file]);
  const second = await runCli(kms, ['fake', 'pull', '--output', file]);

  expect(first).toMatchObject({ code: 0, stdout: '', stderr: expect.stringContaining('Wrote 4 secrets') as string });
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(second).toMatchObject({ code: 1, stderr: expect.stringContaining('exists. Remove it') as string });
  expect(readFileSync(file, 'utf8').includes('s3cret')).toBe(false);

  const host = new TestHost();
  const ended = host.run('fake', file, '--properties', properties);
  await vi.waitFor(() => expect(host.stdout.text).toContain('is ready: 4 secrets'), { timeout: 30_000 });
  const read = await new TestHost().run('get', 'prod/rds', '-k', 'AccountPassword', '--config', properties);
  expect(read).toEqual({ code: 0, stdout: 'dummy', stderr: '' });
  host.deliver('SIGINT');
  await ended;
});

test('lists every page', async () => {
  await using many = await startFakeKms();
  for (let index = 0; index < 205; index += 1) many.put(`app/${String(index).padStart(3, '0')}`, 's3cret-x');
  const { stdout } = await runCli(many, ['fake', 'pull', '--names-only']);

  expect(lines(stdout)).toHaveLength(205);
  expect(many.requests).toHaveLength(3);
});

test('signs with a client key too', async () => {
  const clientKey = kms.createClientKey({ gateway: 'shared', iterations: 1 });

  expect((await runCli(kms, ['fake', 'pull', '--names-only'], { identity: { clientKey } })).code).toBe(0);
});

test('reports a refusal, and a configuration without a region', async () => {
  const wrong = { credentials_access_secret: 's3cret-wrong' };
  const refused = await runCli(kms, ['fake', 'pull'], { environment: wrong });
  const empty = await new TestHost().run('fake', 'pull');

  expect(refused).toMatchObject({ code: 1, stdout: '' });
  expect(refused.stderr).toContain('SignatureDoesNotMatch. The access key secret does not match');
  expect(empty).toMatchObject({ code: 1, stderr: expect.stringContaining('endpoints') as string });
});
