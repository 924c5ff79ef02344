import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startAdmin, startFakeKms } from '@kms-secrets/testing';
import { afterAll, expect, test, vi } from 'vitest';
import { runCli, TestHost } from '../test-host.fixture.ts';

const folder = mkdtempSync(join(tmpdir(), 'kms-secrets-fake-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('serves a file of secrets until a signal, under its own name', async () => {
  const file = join(folder, 'secrets.yaml');
  const properties = join(folder, 'secretsmanager.properties');
  writeFileSync(file, 'prod/db: { password: s3cret-1 }\n');
  const host = new TestHost();
  const ended = host.run('fake', file, '--watch', '--properties', properties);
  await vi.waitFor(() => expect(host.stdout.text).toContain('# kms-secrets fake is ready: 1 secret'), {
    timeout: 30_000,
  });

  const read = (): ReturnType<TestHost['run']> =>
    new TestHost().run('get', 'prod/db', '-k', 'password', '--config', properties);
  expect((await read()).stdout === 's3cret-1').toBe(true);
  writeFileSync(file, 'prod/db: { password: s3cret-2 }\n');
  await vi.waitFor(async () => expect((await read()).stdout === 's3cret-2').toBe(true), { timeout: 30_000 });

  expect(host.stdout.text.includes('s3cret-')).toBe(false);
  const [, caFilePath = ''] = /^# CA certificates: (.+)$/mu.exec(host.stdout.text) ?? [];
  expect(existsSync(caFilePath)).toBe(true);
  host.deliver('SIGTERM');
  expect((await ended).code).toBe(0);
  expect(host.deliver('SIGTERM')).toBe(false);
});

test('prints the options of the fake', async () => {
  const { code, stdout } = await new TestHost().run('fake', '--help');

  expect(code).toBe(0);
  expect(stdout).toContain('kms-secrets fake SECRETS-FILE [options]');
  expect(stdout).toContain('kms-secrets fake rotate NAME');
});

test('reports a file that does not exist', async () => {
  expect(await new TestHost().run('fake', join(folder, 'nope.yaml'))).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('does not exist') as string,
  });
});

test('rotates a secret of a running fake, with a value from a file', async () => {
  await using kms = await startFakeKms();
  await using admin = await startAdmin(kms);
  kms.put('prod/db', 's3cret-1');
  writeFileSync(join(folder, 'value'), 's3cret-2\n');
  const environment = { FAKE_KMS_ADMIN: admin.url };

  const rotated = await runCli(kms, ['fake', 'rotate', 'prod/db', '--value-file', join(folder, 'value')], {
    environment,
  });
  expect(rotated).toMatchObject({ code: 0, stderr: '' });
  expect(rotated.stdout).toMatch(/^prod\/db: version [0-9a-f]{32}\n$/u);
  expect((await runCli(kms, ['get', 'prod/db'])).stdout === 's3cret-2\n').toBe(true);

  await runCli(kms, ['fake', 'rotate', 'prod/db'], { environment });
  expect((await runCli(kms, ['get', 'prod/db'])).stdout === 's3cret-2\n').toBe(false);

  const unknown = await runCli(kms, ['fake', 'rotate', 'prod/nope'], { environment });
  expect(unknown.code).toBe(1);
  expect(unknown.stderr).toMatch(/The fake responded with status 400: .*prod\/nope/u);
});

test.each([
  ['no address', [], 2, 'Set FAKE_KMS_ADMIN'],
  ['an address that is none', ['--admin', 'nonsense'], 2, 'Set FAKE_KMS_ADMIN'],
  [
    'a fake that does not run',
    ['--admin', 'http://127.0.0.1:1'],
    1,
    'cannot be reached (ECONNREFUSED). Check that it runs',
  ],
  ['a value file that does not exist', ['--admin', 'http://127.0.0.1:1', '--value-file', '/nope'], 1, '/nope (ENOENT)'],
])('does not rotate with %s', async (...[, argv, code, message]) => {
  const outcome = await new TestHost().run('fake', 'rotate', 'prod/db', ...argv);

  expect(outcome.code).toBe(code);
  expect(outcome.stderr).toContain(message);
});

test('reports a fake that ends during its response', async () => {
  const server = createServer((request, response) => {
    request.resume();
    response.writeHead(200, { 'content-length': 100 });
    response.write('x', () => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // of a TCP server
  const { code, stderr } = await new TestHost().run('fake', 'rotate', 'prod/db', '--admin', `http://127.0.0.1:${port}`);
  server.close();

  expect(code).toBe(1);
  expect(stderr).toContain('cannot be reached (ECONNRESET)');
});
