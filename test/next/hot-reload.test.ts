import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startFakeKms } from '@kms-secrets/testing';
import { expect, test } from 'vitest';
import { environmentOf, stage } from './fixture-app.ts';
import { startNext } from './next-process.ts';
import { sentinel } from './sentinel-search.ts';

test('ten hot reloads keep one client, and no response contains the value', async () => {
  const directory = join(import.meta.dirname, 'staged/hot-reload');
  await stage('safe', directory);
  await using kms = await startFakeKms({ regions: ['cn-hangzhou'] });
  kms.put('db', `${sentinel}db`);
  await using next = await startNext(directory, 'dev', { ...environmentOf(), ...kms.environment() });
  const file = join(directory, 'fingerprint.js');
  const source = await readFile(file, 'utf8');
  let received = '';
  const get = async (path: string): Promise<string> => {
    const text = await (await fetch(`${next.url}${path}`)).text();
    received += text;
    return text;
  };

  for (let reload = 1; reload <= 10; reload += 1) {
    await writeFile(file, source.replace('return `', `return \`reload ${reload} of `));
    await expect.poll(() => get('/'), { timeout: 30_000, interval: 50 }).toContain(`reload ${reload} of db`);
    await get('/route');
  }

  expect(kms.requests.filter(({ secretName }) => secretName === 'db')).toHaveLength(1);
  expect(received.includes(sentinel)).toBe(false);
});
