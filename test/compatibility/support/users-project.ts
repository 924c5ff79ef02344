import { existsSync } from 'node:fs';
import { cp, mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createHash } from 'node:crypto';
import { inject } from 'vitest';
import { cacheFolder } from './cache-folder.ts';
import { npmInstall, pnpmInstall } from './npm-install.ts';
import { runProgram } from './program.ts';
import type { ProgramOptions, ProgramResult } from './program.ts';

export interface ProjectOptions {
  /** Our packages by their last name, such as `['core', 'nestjs']`. Installed from the packed tarballs. Default: `['core']`. */
  readonly packages?: readonly string[];
  /** Other packages, pinned: `{ esbuild: '0.28.2' }`. */
  readonly dependencies?: Readonly<Record<string, string>>;
  /** Further fields of package.json. */
  readonly manifest?: Readonly<Record<string, unknown>>;
  /** A folder that is copied into the project, on top of what is there. */
  readonly files?: string;
  /** Further options of `npm install`. */
  readonly npmOptions?: readonly string[];
  /** Default: `npm`. */
  readonly packageManager?: 'npm' | 'pnpm';
}

/** A project of a user, outside the workspace, with the packages installed by npm or pnpm. */
export interface UsersProject {
  readonly directory: string;
  /** Runs a program in the project. Throws with its output if it does not exit with 0; `runProgram` does not. */
  run(command: string, args: readonly string[], options?: Partial<ProgramOptions>): Promise<ProgramResult>;
  write(path: string, text: string): Promise<void>;
  /** The installed version of a package. */
  versionOf(packageName: string): Promise<string>;
}

/** Files of a project that survive from one run to the next. */
const installedFiles = new Set([
  'node_modules',
  'package.json',
  'package-lock.json',
  'pnpm-lock.yaml',
  'pnpm-workspace.yaml',
  'installed.json',
]);

/** Deletes what tests wrote into a project. */
export async function deleteFiles(directory: string): Promise<void> {
  const leftover = (await readdir(directory)).filter((entry) => !installedFiles.has(entry));
  await Promise.all(leftover.map((entry) => rm(join(directory, entry), { recursive: true })));
}

/**
 * Installs a project, or returns the one of an earlier run if nothing to install has changed. `name` is the folder's name: two
 * tests that run at the same time must not use the same one. Files of an earlier run are deleted.
 */
export async function usersProject(name: string, options: ProjectOptions = {}): Promise<UsersProject> {
  const directory = join(cacheFolder, 'projects', name);
  await mkdir(directory, { recursive: true });
  await deleteFiles(directory);
  await install(directory, options);
  if (options.files !== undefined) await cp(options.files, directory, { recursive: true });
  return {
    directory,
    run: async (command, args, rest = {}) => {
      const result = await runProgram(command, args, { cwd: directory, ...rest });
      if (result.code !== 0)
        throw new Error(`${command} ${args.join(' ')} exited with ${result.code}:\n${result.output}`);
      return result;
    },
    write: async (path, text) => {
      await mkdir(dirname(join(directory, path)), { recursive: true });
      await writeFile(join(directory, path), text);
    },
    versionOf: async (packageName) => {
      const text = await readFile(join(directory, 'node_modules', packageName, 'package.json'), 'utf8');
      return (JSON.parse(text) as { version: string }).version;
    },
  };
}

async function install(directory: string, { packages = ['core'], ...options }: ProjectOptions): Promise<void> {
  const tarballs = inject('tarballs');
  const ours = await Promise.all(
    packages.map(async (last) => {
      const tarball = tarballs[`@kms-secrets/${last}`];
      if (tarball === undefined) throw new Error(`There is no package @kms-secrets/${last}.`);
      return { name: `@kms-secrets/${last}`, tarball };
    }),
  );
  const { dependencies = {}, manifest = {}, npmOptions = [], packageManager = 'npm' } = options;
  // Our packages depend on each other, and only the tarballs have this build.
  const overrides = Object.fromEntries(Object.entries(tarballs).map(([name, tarball]) => [name, `file:${tarball}`]));
  const packageJson = JSON.stringify({
    name: 'users-project',
    private: true,
    ...manifest,
    dependencies: {
      ...dependencies,
      ...Object.fromEntries(ours.map(({ name, tarball }) => [name, `file:${tarball}`])),
    },
    overrides,
  });
  const contents = await Promise.all(
    Object.values(tarballs).map(async (path) =>
      createHash('sha256')
        .update(await readFile(path))
        .digest('hex'),
    ),
  );
  const installed = JSON.stringify({ packageJson, npmOptions, packageManager, contents });
  const marker = join(directory, 'installed.json');
  if (existsSync(marker) && (await readFile(marker, 'utf8')) === installed) return;
  await rm(marker, { force: true });
  // npm would keep our packages of an earlier build, because their versions and paths are the same.
  await rm(join(directory, 'package-lock.json'), { force: true });
  await rm(join(directory, 'node_modules/@kms-secrets'), { recursive: true, force: true });
  await rm(join(directory, 'node_modules/.package-lock.json'), { force: true });
  await writeFile(join(directory, 'package.json'), packageJson);
  await (packageManager === 'pnpm' ? pnpmInstall(directory, overrides) : npmInstall(directory, npmOptions));
  await writeFile(marker, installed);
}
