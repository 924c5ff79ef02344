import { createHash } from 'node:crypto';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { runNext } from './next-process.ts';

const root = join(import.meta.dirname, '../..');
const require = createRequire(import.meta.url);

/** The name of the package that holds this major version of Next: see package.json. */
export type NextVersion = 'next' | 'next15';

export interface FixtureApp {
  readonly directory: string;
  /** The exit code of `next build`. */
  readonly code: number | null;
  /** The output of `next build`. */
  readonly output: string;
}

export interface FixtureOptions {
  readonly version?: NextVersion;
  /** Merged into next.config. */
  readonly settings?: object;
}

interface StageOptions {
  readonly version?: NextVersion;
  /** Directories of `packages/`. */
  readonly packages?: readonly string[];
}

/**
 * Runs `next build` for an app of `fixtures/`, without configuration and without KMS. Returns the result of an earlier build
 * of the same files.
 */
export async function build(
  fixture: string,
  { version = 'next', settings = {} }: FixtureOptions = {},
): Promise<FixtureApp> {
  const directory = join(import.meta.dirname, 'staged', `${fixture}-${version}`);
  const record = join(directory, 'built.json');
  const inputs = await fingerprint(fixture, [version, settings]);
  if (existsSync(record)) {
    const built = JSON.parse(readFileSync(record, 'utf8')) as FixtureApp & { readonly inputs: string }; // written below
    if (built.inputs === inputs) return built;
  }
  await stage(fixture, directory, { version });
  const built = { directory, inputs, ...(await runNext(directory, ['build'], environmentOf(settings))) };
  await writeFile(record, JSON.stringify(built));
  return built;
}

/** The variables that next.config of every fixture reads. */
export function environmentOf(settings: object = {}): Readonly<Record<string, string>> {
  return { FIXTURE_ROOT: root, FIXTURE_SETTINGS: JSON.stringify(settings), CI: '1' };
}

/**
 * Copies an app of `fixtures/` into `directory`, with the packages as they are published and with the given version of Next.
 * `directory` must be inside the repository: Next's bundler follows no link that leads out of its root.
 */
export async function stage(
  fixture: string,
  directory: string,
  { version = 'next', packages = ['core', 'next'] }: StageOptions = {},
): Promise<void> {
  await rm(directory, { recursive: true, force: true });
  for (const source of ['shared', fixture]) {
    await cp(join(import.meta.dirname, 'fixtures', source), directory, { recursive: true });
  }
  await writeFile(join(directory, 'package.json'), '{ "private": true, "type": "module" }\n');
  const modules = join(directory, 'node_modules');
  const dependencies = await Promise.all(packages.map((name) => copyAsPublished(name, modules)));
  const linked = new Map([
    ...dependencies.flat(),
    ...['react', 'react-dom'].map((name) => [name, directoryOf(name, require)] as const),
    ['next', directoryOf(version, require)],
  ]);
  for (const [name, target] of linked) {
    await mkdir(dirname(join(modules, name)), { recursive: true });
    await symlink(target, join(modules, name));
  }
}

/** Copies the files of a package that its tarball contains. Returns the names and directories of its dependencies. */
async function copyAsPublished(name: string, modules: string): Promise<(readonly [string, string])[]> {
  const source = join(root, 'packages', name);
  const manifest = JSON.parse(await readFile(join(source, 'package.json'), 'utf8')) as {
    name: string;
    dependencies: Record<string, string>;
    publishConfig: object;
  };
  const target = join(modules, manifest.name);
  await cp(join(source, 'dist'), join(target, 'dist'), { recursive: true });
  await writeFile(join(target, 'package.json'), JSON.stringify({ ...manifest, ...manifest.publishConfig }));
  const from = createRequire(join(source, 'package.json'));
  return Object.keys(manifest.dependencies)
    .filter((dependency) => !dependency.startsWith('@kms-secrets/'))
    .map((dependency) => [dependency, directoryOf(dependency, from)] as const);
}

/** Not `require.resolve`: a package need not export its manifest. */
function directoryOf(name: string, from: NodeJS.Require): string {
  const parent = from.resolve.paths(name)?.find((path) => existsSync(join(path, name)));
  if (parent === undefined) throw new Error(`${name} is not installed.`);
  return realpathSync(join(parent, name));
}

/** A hash of everything that a build depends on: the fixture, the built packages, the settings and the versions of Next. */
async function fingerprint(fixture: string, settings: readonly unknown[]): Promise<string> {
  const hash = createHash('sha256').update(
    JSON.stringify([settings, directoryOf('next', require), directoryOf('next15', require)]),
  );
  const fixtures = ['shared', fixture].map((name) => join(import.meta.dirname, 'fixtures', name));
  const packages = ['core', 'next'].map((name) => join(root, 'packages', name, 'dist'));
  for (const file of (await Promise.all([...fixtures, ...packages].map(filesIn))).flat()) {
    hash.update(relative(root, file)).update(readFileSync(file));
  }
  return hash.digest('hex');
}

/** Every file below a directory, sorted by path. */
export async function filesIn(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.tsbuildinfo'))
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted();
}
