import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { fakeKms, nextWeb, programs, start, stop } from './service-process.ts';

test.each([...programs, nextWeb])(
  '$name reads from fake-kms with the file of the official clients',
  async ({ command, exitCode }) => {
    const directory = await mkdtemp(join(tmpdir(), 'kms-secrets e2e-'));
    onTestFinished(() => rm(directory, { recursive: true, force: true }));
    await writeFile(join(directory, 'secrets.yaml'), 'shop/db: s3cret-shop-db\n');
    const properties = join(directory, 'secretsmanager.properties');

    const kms = start([fakeKms, 'secrets.yaml', '--properties', properties], directory);
    await kms.line(/(ready)/u);
    const api = start(command, directory);
    const url = await api.line(/(http:\/\/\S+)/u);
    const response = await fetch(new URL('/secrets/shop%2Fdb', url));
    const body: unknown = await response.json();
    const missing = await fetch(new URL('/secrets/none', url));
    const error: unknown = await missing.json();
    // Another address of the loopback interface, which a server on all addresses would have, too.
    const elsewhere = await fetch(url.replace('127.0.0.1', '127.0.0.2')).catch(() => 'refused');

    expect(body).toMatchObject({ name: 'shop/db', stale: false });
    expect([missing.status, error]).toEqual([503, { code: 'ERR_SECRET_NOT_FOUND' }]);
    expect(elsewhere).toBe('refused');
    expect(await stop(api)).toBe(exitCode);
    expect(await stop(kms)).toBe(0);
    expect([...kms.lines, ...api.lines, JSON.stringify(body)].join('\n').includes('s3cret')).toBe(false);
  },
);

// Next keeps running if its app fails to start: see test/next/running-app.test.ts.
test.each(programs)('$name without configuration exits and reports what is missing', async ({ command }) => {
  const directory = await mkdtemp(join(tmpdir(), 'kms-secrets-e2e-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));

  const api = start(command, directory);
  const [code] = (await once(api.child, 'close')) as [unknown];

  expect(code).toBe(1);
  expect(api.lines.join('\n')).toMatch(/endpoints \(option, environment and file\): expected .*got nothing/su);
});
