// @ts-check
// Ten minutes, or as many seconds as are asked for, under load, with KMS in all kinds of trouble; see README.md.
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { stopAll } from '../support/processes.mjs';
import { commandLine } from './command-line.mjs';
import { pictureOf } from './soak/picture.mjs';
import { soak } from './soak/soak.mjs';
import { verdictsOn } from './soak/verdicts.mjs';
import { storesBy } from './stores.mjs';

const { stores = 'file', ...choice } = commandLine(
  {
    seconds: { usual: 600, most: 3_600 },
    rate: { usual: 1_000, most: 10_000 },
    seed: { usual: 1, most: 2 ** 32 - 1 },
  },
  ['stores'],
);
if (!(stores in storesBy)) {
  console.error(`--stores takes ${Object.keys(storesBy).join(', ')}; not ${stores}.`);
  process.exit(2);
}
const say = (/** @type {string} */ progress) =>
  console.log(`${(performance.now() / 1_000).toFixed(0).padStart(4)} s  ${progress}`);
try {
  const run = await soak({ ...choice, stores, say });
  const verdicts = verdictsOn(run);
  for (const { says, holds } of verdicts) console.log(`${holds ? 'holds' : 'FAILS'}: ${says}`);
  const out = new URL('out/', import.meta.url);
  mkdirSync(out, { recursive: true });
  writeFileSync(new URL('soak.svg', out), pictureOf(run));
  writeFileSync(new URL('soak.json', out), `${JSON.stringify({ ...run, verdicts }, undefined, 2)}\n`);
  say(`drawn in ${fileURLToPath(new URL('soak.svg', out))}`);
  if (verdicts.some(({ holds }) => !holds)) process.exitCode = 1;
} finally {
  await stopAll();
}
