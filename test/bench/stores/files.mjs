// @ts-check
// Runs in its own process. Measures the file store against writing and syncing the same bytes with node:fs.
import { mkdtemp, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createKeyring, fileStore } from '@kms-secrets/core';
import { inRounds } from '../measure.mjs';
import { readTask } from '../../support/processes.mjs';
import { benchKey, sampleSecret } from './sample-secret.mjs';

/** @type {{ rounds: number; writes: number; count: number }} */
const { rounds, writes, count } = readTask();
const directory = await mkdtemp(join(tmpdir(), 'bench-files-'));
try {
  const envelope = await createKeyring({ key: benchKey }).unlock('');
  const [location] = envelope.locations({ name: 'app/secret-0' });
  const seal = () => envelope.seal({ request: { name: 'app/secret-0' }, secret: sampleSecret(1) }, location);
  const path = join(directory, 'store');
  const store = fileStore({ path, key: benchKey });
  const names = Array.from({ length: count }, (_, index) => `app/secret-${index}`);
  let fetchedAt = 1;
  const writeAll = () => {
    fetchedAt += 1;
    return Promise.all(names.map((name) => store.write({ name }, sampleSecret(fetchedAt))));
  };

  const single = fileStore({ path: join(directory, 'single'), key: benchKey });
  const write = await inRounds(
    {
      reference: async () => {
        for (let done = 0; done < writes; done += 1) await writeSynced(directory, seal());
      },
      ours: async () => {
        for (let done = 0; done < writes; done += 1) {
          fetchedAt += 1;
          await single.write({ name: 'app/secret-0' }, sampleSecret(fetchedAt));
        }
      },
    },
    rounds,
    async (action) => (await timed(action)) / writes,
  );
  const concurrent = await inRounds(
    { reference: () => writeSynced(directory, Buffer.concat(names.map(seal))), ours: writeAll },
    rounds,
    timed,
  );

  await store.close();
  const sealed = names.map(seal);
  const [file = ''] = await readdir(path);
  const warmStart = await inRounds(
    {
      reference: async () => {
        await readFile(join(path, file));
        for (const bytes of sealed) envelope.unseal(bytes, location);
      },
      ours: async () => {
        const opened = fileStore({ path, key: benchKey });
        const found = await Promise.all(names.map((name) => opened.read({ name })));
        if (found.some((secret) => secret === undefined)) throw new Error('A secret is missing.');
        await opened.close();
      },
    },
    rounds,
    timed,
  );
  console.log(JSON.stringify({ write, concurrent, warmStart }));
} finally {
  await rm(directory, { recursive: true, force: true });
}

/** In milliseconds. @param {() => Promise<unknown>} action */
async function timed(action) {
  const startedAt = performance.now();
  await action();
  return performance.now() - startedAt;
}

/**
 * The minimum for a file that survives a power failure: write, sync, rename, sync the folder.
 * @param {string} folder
 * @param {Uint8Array} bytes
 */
async function writeSynced(folder, bytes) {
  const temporary = join(folder, 'temporary');
  const file = await open(temporary, 'w', 0o600);
  await file.writeFile(bytes);
  await file.sync();
  await file.close();
  await rename(temporary, join(folder, 'file'));
  const handle = await open(folder, 'r');
  await handle.sync();
  await handle.close();
}
