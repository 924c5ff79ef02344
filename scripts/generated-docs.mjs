// @ts-check
// Writes the files that are generated from the code; `--check` only reports whether they are up to date.
// A generator is a file in scripts/ that exports `print(document)`, which returns the whole text of the document.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { runnerImport } from 'vite';

/** Paths from the root of the repository. @type {ReadonlyArray<{ document: string; generator: string }>} */
const generated = [
  { document: 'docs/configuration.md', generator: 'scripts/print-configuration.mjs' },
  { document: 'docs/zh/configuration.md', generator: 'scripts/print-configuration.mjs' },
  ...['compatibility', 'conformance', 'faults'].map((page) => ({
    document: `docs/zh/${page}.md`,
    generator: 'scripts/print-translation.mjs',
  })),
  { document: 'packages/testing/src/scenarios/index.ts', generator: 'scripts/print-scenario-index.mjs' },
  // Of these, only the quoted defaults are generated.
  ...[
    'docs/behaviour.md',
    'docs/faults.md',
    'docs/secret-lifecycle.md',
    'packages/core/README.md',
    'packages/next/README.md',
    'docs/zh/behaviour.md',
    'docs/zh/operations.md',
    'docs/zh/secret-lifecycle.md',
    'docs/zh/kubernetes.md',
  ].map((document) => ({ document, generator: 'scripts/quoted-defaults.mjs' })),
];

const check = process.argv.includes('--check');
/** @param {string} path */
const at = (path) => new URL(path, new URL('..', import.meta.url));

/** @param {string} document */
function currentText(document) {
  try {
    return readFileSync(at(document), 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

for (const { document, generator } of generated) {
  // With vite, because generators import TypeScript sources, which the built packages contain only as part of a bundle.
  /** @type {{ module: { print: (document: string) => string | Promise<string> } }} */
  const { module } = await runnerImport(fileURLToPath(at(generator)));
  const text = await module.print(document);
  if (text === currentText(document)) continue;
  if (!check) {
    writeFileSync(at(document), text);
    console.log(`wrote ${document}`);
  } else {
    console.error(`${document} is not up to date with ${generator}. Run \`pnpm generate\`.`);
    process.exitCode = 1;
  }
}
