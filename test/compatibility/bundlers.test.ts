import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { identities, startCloud } from './support/cloud.ts';
import type { Cloud } from './support/cloud.ts';
import { expectReads } from './support/reader.ts';
import { supports } from './support/supports.ts';
import { usersProject } from './support/users-project.ts';
import type { UsersProject } from './support/users-project.ts';

const versions = { esbuild: '0.28.2' };
let cloud: Cloud;
let project: UsersProject;
beforeAll(async () => {
  cloud = await startCloud();
  project = await usersProject('bundlers', {
    dependencies: versions,
    files: join(import.meta.dirname, 'fixtures/reader'),
  });
});
afterAll(() => cloud[Symbol.asyncDispose]());

supports({ area: 'Bundlers', setting: 'esbuild, CommonJS', versions: `esbuild ${versions.esbuild}` }, async () => {
  const options = ['reader.mjs', '--bundle', '--platform=node', '--outfile=out/esbuild-cjs/reader.cjs'];
  await project.run('node_modules/.bin/esbuild', options);

  // Away from node_modules, as in an image that has the bundle only.
  const moved = await mkdtemp(join(tmpdir(), 'moved-'));
  await cp(join(project.directory, 'out/esbuild-cjs'), moved, { recursive: true });
  const program = { command: process.execPath, args: [join(moved, 'reader.cjs')] };
  for (const identity of identities) await expectReads(cloud, identity, program);
  await rm(moved, { recursive: true });
});
