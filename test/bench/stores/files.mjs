// @ts-check
// In a process of its own: the file store beside the same bytes written and synced by hand.
import { mkdtemp, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createKeyring, fileStore } from '@kms-secrets/core';
import { inRounds } from '../measure.mjs';
import { given } from '../../support/processes.mjs';
import { benchKey, secretOf1Kb } from './secret-of-1-kb.mjs';

/** @type {{ rounds: number; writes: number; count: number }} */
const { rounds, writes, count } = given();
const directory = await mkdtemp(join(tmpdir(), 'bench-files-'));
try {
  const envelope = await createKeyring({ key: benchKey }).unlock('');
  const [location] = envelope.locations({ name: 'app/secret-0' });
  const seal = () => envelope.seal({ request: { name: 'app/secret-0' }, secret: secretOf1Kb(1) }, location);
  const path = join(directory, 'store');
  const store = fileStore({ path, key: benchKey });
  const names = Array.from({ length: count }, (_, index) => `app/secret-${index}`);
  let moment = 1;
  const writeAll = () => {
    moment += 1;
    return Promise.all(names.map((name) => store.write({ name }, secretOf1Kb(moment))));
  };

  const single = fileStore({ path: join(directory, 'single'), key: benchKey });
  const write = await inRounds(
    {
      bare: async () => {
        for (let done = 0; done < writes; done += 1) await writeSynced(directory, seal());
      },
      ours: async () => {
        for (let done = 0; done < writes; done += 1) {
          moment += 1;
          await single.write({ name: 'app/secret-0' }, secretOf1Kb(moment));
        }
      },
    },
    rounds,
    async (act) => (await timed(act)) / writes,
  );
  const together = await inRounds(
    { bare: () => writeSynced(directory, Buffer.concat(names.map(seal))), ours: writeAll },
    rounds,
    timed,
  );

  await store.close();
  const sealed = names.map(seal);
  const [file = ''] = await readdir(path);
  const warm = await inRounds(
    {
      bare: async () => {
        await readFile(join(path, file));
        for (const bytes of sealed) envelope.unseal(bytes, location);
      },
      ours: async () => {
        const next = fileStore({ path, key: benchKey });
        const found = await Promise.all(names.map((name) => next.read({ name })));
        if (found.some((secret) => secret === undefined)) throw new Error('A secret is missing.');
        await next.close();
      },
    },
    rounds,
    timed,
  );
  console.log(JSON.stringify({ write, together, warm }));
} finally {
  await rm(directory, { recursive: true, force: true });
}

/** @param {() => Promise<unknown>} act */
async function timed(act) {
  const begun = performance.now();
  await act();
  return performance.now() - begun;
}

/**
 * A file that survives a power cut, with no more than that takes.
 * @param {string} folder
 * @param {Uint8Array} bytes
 */
async function writeSynced(folder, bytes) {
  const aside = join(folder, 'aside');
  const file = await open(aside, 'w', 0o600);
  await file.writeFile(bytes);
  await file.sync();
  await file.close();
  await rename(aside, join(folder, 'file'));
  const entry = await open(folder, 'r');
  await entry.sync();
  await entry.close();
}
