// @ts-check
// In the directory of a published package: bundles the declarations that `tsc -b` wrote into one file for each entry point, and
// writes the CommonJS twin of each entry point. Why: docs/decisions/0022-bundling.md.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { rolldown } from 'rolldown';
import { dts } from 'rolldown-plugin-dts';

/** @type {{ name: string, exports: object }} */
const manifest = JSON.parse(readFileSync('package.json', 'utf8'));
const entries = [...new Set(JSON.stringify(manifest.exports).match(/(?<="\.\/dist\/)[^"]+(?=\.d\.ts")/gu))];

/**
 * Global types of Node.js that the declarations use: that of the consumer's project, or a substitute where it has none.
 * @type {Readonly<Record<string, string>>}
 */
const globalsOfNode = {
  AbortSignal: `typeof globalThis extends { AbortSignal: { prototype: infer Signal } } ? Signal : {
  readonly aborted: boolean;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}`,
  Buffer: 'typeof globalThis extends { Buffer: { alloc(size: number): infer Bytes } } ? Bytes : Uint8Array',
};

const bundle = await rolldown({
  input: Object.fromEntries(entries.map((name) => [name, `./declarations/${name}.d.ts`])),
  external: /^[^./]/u,
  resolve: { extensionAlias: { '.ts': ['.d.ts', '.ts'] } }, // declarations import each other by the names of the sources
  plugins: [dts({ dtsInput: true, emitDtsOnly: true, tsconfig: false })],
  experimental: { attachDebugInfo: 'none' },
});
const { output } = await bundle.generate({
  entryFileNames: '[name].d.ts',
  chunkFileNames: '[name].ts',
  codeSplitting: { groups: [{ name: 'shared.d', minShareCount: 2 }] },
});
await bundle.close();

for (const file of readdirSync('dist', { recursive: true, encoding: 'utf8' })) {
  if (/\.(?:d\.ts|cts|cjs)$/u.test(file)) rmSync(join('dist', file));
}
for (const file of output) {
  if (file.type !== 'chunk') throw new Error(`Expected only declarations, got ${file.fileName}.`);
  write(file.fileName, withoutNodeTypes(file.code));
}

// The twins add nothing of their own: a second build would be a second cache in one process, and a second declaration of a class
// with `#private` fields would be another type.
for (const name of entries) {
  const file = basename(name);
  write(`${name}.cjs`, commonJsTwin(file));
  write(
    `${name}.d.cts`,
    `// @ts-ignore -- with "module": "node16", TypeScript does not know that Node.js can require() an ES module.
export * from './${file}.js';`,
  );
}

/**
 * The CommonJS twin of an entry point. Where Node.js cannot `require()` ES modules, its own message proposes an edit of the twin.
 * @param {string} file
 */
function commonJsTwin(file) {
  return `try {
  module.exports = require('./${file}.js');
} catch (error) {
  // Jest has the same code, and a message with the setting to change.
  if (!error || error.code !== 'ERR_REQUIRE_ESM' || !/^require\\(\\) of ES Module/.test(error.message)) throw error;
  const message =
    'require() of ${manifest.name} needs Node.js 20.19, 22.12 or newer; this is Node.js ' + process.versions.node + '. ' +
    'Use import or await import(), bundle the app, or update Node.js.';
  throw Object.assign(new Error(message), { code: error.code });
}`;
}

/**
 * Makes declarations compile without a current `@types/node`; see docs/decisions/0033-types-of-node.md.
 * @param {string} code
 */
function withoutNodeTypes(code) {
  // A consumer's `lib` may be older than `Symbol.asyncDispose`.
  const reference = code.includes('Symbol.asyncDispose') ? '/// <reference lib="esnext.disposable" />\n' : '';
  const imports = code.replaceAll(
    /^import .* from "node:/gmu,
    '// @ts-ignore -- without @types/node, these are any\n$&',
  );
  const aliases = Object.entries(globalsOfNode).filter(([name]) => new RegExp(String.raw`\b${name}\b`, 'u').test(code));
  return reference + imports + aliases.map(([name, type]) => `type ${name} = ${type};\n`).join('');
}

/**
 * @param {string} file
 * @param {string} code
 */
function write(file, code) {
  const path = join('dist', file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${code.trimEnd()}\n`);
}
