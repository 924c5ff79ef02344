import { cp, mkdtemp, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { nodeBinary } from './support/binaries.ts';
import { identities, startCloud } from './support/cloud.ts';
import type { Cloud } from './support/cloud.ts';
import { expectReads, runReader } from './support/reader.ts';
import { readmeBlock } from './support/readme.ts';
import { supports } from './support/supports.ts';
import { usersProject } from './support/users-project.ts';
import type { UsersProject } from './support/users-project.ts';

const versions = {
  '@rollup/plugin-commonjs': '29.0.3',
  '@rollup/plugin-json': '6.1.0',
  '@rollup/plugin-node-resolve': '16.0.3',
  '@vercel/ncc': '0.45.0',
  esbuild: '0.28.2',
  rolldown: '1.3.3',
  rollup: '4.68.8',
  tsdown: '0.23.7',
  webpack: '5.113.0',
  'webpack-cli': '7.3.1',
};
/** Does not run in every version of Node that the bundles run in. */
const nodeOfTsdown = '24.21.0';

const esbuild = `esbuild ${versions.esbuild}`;
const rollup = `Rollup ${versions.rollup}`;
const rolldown = `Rolldown ${versions.rolldown}`;

let cloud: Cloud;
let project: UsersProject;
/** The folders of bundles. */
const movedFolders: string[] = [];
beforeAll(async () => {
  cloud = await startCloud();
  project = await usersProject('bundlers', {
    dependencies: versions,
    manifest: { type: 'module' },
    files: join(import.meta.dirname, 'fixtures/reader'),
  });
  // The name of the app in the README.
  await rename(join(project.directory, 'reader.mjs'), join(project.directory, 'app.js'));
});
afterAll(async () => {
  await cloud[Symbol.asyncDispose]();
  for (const folder of movedFolders) await rm(folder, { recursive: true });
});

interface Bundle {
  readonly format: 'module' | 'commonjs';
  /** A line of a shell, as the README has it. */
  readonly build: string;
  /** The name of the bundle. Default: `app.js`. */
  readonly file?: string;
  readonly node?: string;
}

/** Builds `dist`, and moves it away from node_modules, as in an image that has the bundle only. */
async function build({ format, build: line, file = 'app.js', node = process.execPath }: Bundle): Promise<string> {
  const path = [join(project.directory, 'node_modules/.bin'), dirname(node), process.env['PATH']].join(':');
  await rm(join(project.directory, 'dist'), { recursive: true, force: true });
  await project.run('sh', ['-c', line], { env: { PATH: path } });

  const moved = await mkdtemp(join(tmpdir(), 'moved-'));
  movedFolders.push(moved);
  await cp(join(project.directory, 'dist'), moved, { recursive: true });
  await rm(join(project.directory, 'dist'), { recursive: true });
  await writeFile(join(moved, 'package.json'), JSON.stringify({ type: format }));
  return join(moved, file);
}

/** Fails unless the bundle reads with every identity, and with a role through a proxy. */
async function expectBundleReads(bundle: Bundle): Promise<void> {
  const file = await build(bundle);
  const program = { command: process.execPath, args: [file] };
  await Promise.all([
    ...identities.map((identity) => expectReads(cloud, identity, program)),
    expectReads(cloud, 'access key', { ...program, withFileStore: true }),
    expectReads(cloud, 'RAM role', { ...program, throughProxy: true }),
  ]);
  expect(await filesWith(dirname(file), project.directory)).toEqual([]);
}

/** The files of a folder that contain a text. */
async function filesWith(folder: string, text: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const found = await Promise.all(
    files.map(async (file) => ((await readFile(file, 'utf8')).includes(text) ? file : [])),
  );
  return found.flat();
}

const readme = (text: string): string => readmeBlock('core', 'Bundlers', text);
/** The line of the README's block of commands that starts with the name of a bundler. */
const command = (name: string): string =>
  readme('ncc build')
    .split('\n')
    .find((line) => line.startsWith(name)) ?? '';

supports({ area: 'Bundlers', setting: 'esbuild, CommonJS', versions: esbuild }, () =>
  expectBundleReads({ format: 'commonjs', build: command('esbuild') }),
);

supports({ area: 'Bundlers', setting: 'esbuild, CommonJS, minified', versions: esbuild }, () =>
  expectBundleReads({ format: 'commonjs', build: command('esbuild').replace('--bundle', '--bundle --minify') }),
);

supports(
  { area: 'Bundlers', setting: 'esbuild, ESM', versions: esbuild, remark: 'works with the banner of the README' },
  () => expectBundleReads({ format: 'module', build: readme('--banner:js') }),
);

supports(
  {
    area: 'Bundlers',
    setting: 'esbuild, ESM, without a banner',
    versions: esbuild,
    remark:
      'access keys and client keys work; reads with a role fail with `Dynamic require of "…" is not supported`: add the banner of the README',
  },
  async () => {
    const withoutBanner = readme('--banner:js').replace(/\\\n.*/u, '');
    const file = await build({ format: 'module', build: withoutBanner });
    const program = { command: process.execPath, args: [file] };
    const [role] = await Promise.all([
      runReader(cloud, 'RAM role', program),
      ...identities
        .filter((identity) => identity !== 'RAM role')
        .map((identity) => expectReads(cloud, identity, program)),
    ]);

    expect(role.code).toBe(1);
    expect(role.output).toMatch(/A module could not be loaded: Dynamic require of "\w+" is not supported\./u);
    expect(role.output).toContain('If the app is bundled, see "Bundlers" in the README of @kms-secrets/core.');
  },
);

supports({ area: 'Bundlers', setting: 'Rollup, ESM', versions: rollup }, async () => {
  await project.write('rollup.config.js', readme('// rollup.config.js'));
  await expectBundleReads({ format: 'module', build: 'rollup --config --failAfterWarnings' });
});

supports({ area: 'Bundlers', setting: 'Rollup, CommonJS', versions: rollup }, async () => {
  await project.write('rollup.config.js', readme('// rollup.config.js').replace(`'es'`, `'cjs'`));
  await expectBundleReads({ format: 'commonjs', build: 'rollup --config --failAfterWarnings' });
});

supports({ area: 'Bundlers', setting: 'Rollup, app in CommonJS', versions: rollup }, async () => {
  const config = readme('// rollup.config.js').replace(`'es'`, `'cjs'`).replace(`'app.js'`, `'reader.cjs'`);
  await project.write('rollup.config.js', config);
  await expectBundleReads({ format: 'commonjs', build: 'rollup --config --failAfterWarnings', file: 'reader.js' });
});

supports({ area: 'Bundlers', setting: 'Rolldown, ESM', versions: rolldown }, () =>
  expectBundleReads({ format: 'module', build: command('rolldown') }),
);

supports({ area: 'Bundlers', setting: 'Rolldown, CommonJS', versions: rolldown }, () =>
  expectBundleReads({ format: 'commonjs', build: command('rolldown').replace('=esm', '=cjs') }),
);

supports({ area: 'Bundlers', setting: 'webpack', versions: `webpack ${versions.webpack}` }, async () => {
  await project.write('webpack.config.js', readme('// webpack.config.js'));
  await expectBundleReads({ format: 'commonjs', build: 'webpack --fail-on-warnings', file: 'app.cjs' });
});

supports({ area: 'Bundlers', setting: 'ncc', versions: `@vercel/ncc ${versions['@vercel/ncc']}` }, () =>
  // ncc caches a package by its version, and each build of ours has the same.
  expectBundleReads({ format: 'module', build: `${command('ncc')} --no-cache`, file: 'index.js' }),
);

supports({ area: 'Bundlers', setting: 'tsdown', versions: `tsdown ${versions.tsdown}` }, async () => {
  await project.write('tsdown.config.js', readme('// tsdown.config.js'));
  const node = await nodeBinary(nodeOfTsdown);
  await expectBundleReads({ format: 'module', build: 'tsdown', file: 'app.mjs', node });
});
