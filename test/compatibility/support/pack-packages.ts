import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { packAll } from '../../../scripts/pack.mjs';
import { cacheFolder } from './cache-folder.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Path of the tarball of each package, by the package's name. */
    readonly tarballs: Readonly<Record<string, string>>;
    /** The name of each package, and the files in its tarball. */
    readonly packages: readonly { readonly name: string; readonly contents: readonly string[] }[];
  }
}

/** Packs every package once for a run. The path is the same in each run: npm records it in a project's lockfile. */
export function setup(project: TestProject): void {
  const directory = join(cacheFolder, 'tarballs');
  mkdirSync(directory, { recursive: true });
  const packed = packAll(directory);
  project.provide('tarballs', Object.fromEntries(packed.map(({ name, tarball }) => [name, tarball])));
  project.provide('packages', packed);
}
