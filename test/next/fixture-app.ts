import { createHash } from 'node:crypto';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { runNext } from './next-process.ts';

const root = join(import.meta.dirname, '../..');
const require = createRequire(import.meta.url);

export interface FixtureApp {
  readonly directory: string;
  /** Of its build. */
  readonly code: number | null;
  readonly output: string;
}

export interface FixtureOptions {
  readonly version?: 'next' | 'next15';
  /** Of its next.config. */
  readonly settings?: object;
}

/**
 * Builds an app of `fixtures/` as a user has it, without configuration and without KMS. A build of the same files is not done
 * twice.
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
  await stage(fixture, directory, version);
  const built = { directory, inputs, ...(await runNext(directory, ['build'], environmentOf(settings))) };
  await writeFile(record, JSON.stringify(built));
  return built;
}

/** What next.config of every fixture reads. */
export function environmentOf(settings: object = {}): Readonly<Record<string, string>> {
  return { FIXTURE_ROOT: root, FIXTURE_SETTINGS: JSON.stringify(settings), CI: '1' };
}

/**
 * Puts an app of `fixtures/` into a directory of its own, with the packages as they are published beside the Next that is asked
 * for. The directory lies within the repository, because Next's bundler follows no link that leads out of its root.
 */
export async function stage(fixture: string, directory: string, version: 'next' | 'next15' = 'next'): Promise<void> {
  await rm(directory, { recursive: true, force: true });
  for (const source of ['shared', fixture]) {
    await cp(join(import.meta.dirname, 'fixtures', source), directory, { recursive: true });
  }
  await writeFile(join(directory, 'package.json'), '{ "private": true, "type": "module" }\n');
  const modules = join(directory, 'node_modules');
  const dependencies = await Promise.all(['core', 'next'].map((name) => copyAsPublished(name, modules)));
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

/** What a tarball would hold; returns where the dependencies lie. */
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

/** Where a package lies, whether or not it lets its manifest be imported. */
function directoryOf(name: string, from: NodeJS.Require): string {
  const place = from.resolve.paths(name)?.find((path) => existsSync(join(path, name)));
  if (place === undefined) throw new Error(`${name} is not installed.`);
  return realpathSync(join(place, name));
}

/** Of all that a build depends on: the fixture, the built packages, and which Next it is. */
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

/** Every file below a directory, in a steady order. */
export async function filesIn(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.tsbuildinfo'))
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted();
}
