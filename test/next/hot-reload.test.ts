import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startFakeKms } from '@kms-secrets/testing';
import { expect, test } from 'vitest';
import { environmentOf, stage } from './fixture-app.ts';
import { startNext } from './next-process.ts';
import { sentinel } from './sentinel-search.ts';

test('ten hot reloads leave one client, which fetches once; nothing of the value is in what a developer’s browser gets', async () => {
  const directory = join(import.meta.dirname, 'staged/hot-reload');
  await stage('safe', directory);
  await using kms = await startFakeKms({ regions: ['cn-hangzhou'] });
  kms.put('db', `${sentinel}db`);
  await using next = await startNext(directory, 'dev', { ...environmentOf(), ...kms.environment() });
  const file = join(directory, 'told.js');
  const source = await readFile(file, 'utf8');
  let seen = '';
  const ask = async (path: string): Promise<string> => {
    const text = await (await fetch(`${next.url}${path}`)).text();
    seen += text;
    return text;
  };

  for (let reload = 1; reload <= 10; reload += 1) {
    await writeFile(file, source.replace('return `', `return \`reload ${reload} of `));
    await expect.poll(() => ask('/'), { timeout: 30_000, interval: 50 }).toContain(`reload ${reload} of db`);
    await ask('/route');
  }

  expect(kms.requests.filter(({ secretName }) => secretName === 'db')).toHaveLength(1);
  expect(seen.includes(sentinel)).toBe(false);
}, 240_000);
