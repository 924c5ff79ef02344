// @ts-check
// Writes the documents that are printed from the code; `--check` only says whether they are up to date.
// A generator is a file in scripts/ that exports `print()`, the whole text of its document.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { runnerImport } from 'vite';

/** @type {ReadonlyArray<{ document: string; generator: string }>} both from the root of the repository */
const generated = [
  { document: 'docs/configuration.md', generator: 'scripts/print-configuration.mjs' },
  { document: 'packages/testing/src/scenarios/index.ts', generator: 'scripts/print-scenario-index.mjs' },
];

const check = process.argv.includes('--check');
/** @param {string} path */
const at = (path) => new URL(path, new URL('..', import.meta.url));

/** @param {string} document */
function written(document) {
  try {
    return readFileSync(at(document), 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

for (const { document, generator } of generated) {
  // By vite, because a generator imports the sources, which are TypeScript: in the built packages they have no files of their own.
  /** @type {{ module: { print: () => string | Promise<string> } }} */
  const { module } = await runnerImport(fileURLToPath(at(generator)));
  const text = await module.print();
  if (text === written(document)) continue;
  if (!check) {
    writeFileSync(at(document), text);
    console.log(`wrote ${document}`);
  } else {
    console.error(`${document} does not say what ${generator} prints: run \`pnpm generate\``);
    process.exitCode = 1;
  }
}
