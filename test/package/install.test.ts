import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { packAll } from '../../scripts/pack.mjs';

const root = join(import.meta.dirname, '../..');
const run = promisify(execFile);
let packed: ReturnType<typeof packAll>;
let project: string;

/** The version of an installed package. */
async function versionOf(folder: string): Promise<string> {
  const { version } = JSON.parse(await readFile(join(root, folder, 'package.json'), 'utf8')) as { version: string };
  return version;
}

// An empty project of a user, with npm: the tarballs, and the frameworks that are peer dependencies of the adapters.
beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), 'a user’s project '));
  packed = packAll(project);
  const frameworks = 'packages/express/node_modules';
  const nestPackages = ['@nestjs/common', '@nestjs/core', '@nestjs/terminus', 'reflect-metadata', 'rxjs'];
  const manifest = {
    name: 'users-project',
    private: true,
    dependencies: {
      ...Object.fromEntries(packed.map(({ name, tarball }) => [name, `file:${tarball}`])),
      express: await versionOf(`${frameworks}/express`),
      fastify: await versionOf('packages/fastify/node_modules/fastify'),
      ...Object.fromEntries(
        await Promise.all(
          nestPackages.map(async (name) => [name, await versionOf(`packages/nestjs/node_modules/${name}`)] as const),
        ),
      ),
    },
    devDependencies: {
      '@types/express': await versionOf(`${frameworks}/@types/express`),
      '@types/node': await versionOf('node_modules/@types/node'),
    },
  };
  await writeFile(join(project, 'package.json'), JSON.stringify(manifest));
  const options = ['--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund', '--omit=peer'];
  await run('npm', ['install', ...options], { cwd: project });
  // Linked instead of installed: they have half a gigabyte.
  for (const name of ['next', 'react']) {
    await symlink(join(root, 'packages/next/node_modules', name), join(project, 'node_modules', name));
  }
}, 120_000);
afterAll(() => rm(project, { recursive: true }));

test('import and require() return the same names for every package', async () => {
  const script = `
    const names = (module) => Object.keys(module).filter((name) => name !== 'module.exports' && name !== '__esModule').sort();
    for (const name of ${JSON.stringify(packed.map(({ name }) => name))}) {
      const imported = await import(name);
      console.log(name, names(imported).length > 0, names(imported).join() === names(require(name)).join());
    }`;
  await writeFile(
    join(project, 'names.mjs'),
    `import { createRequire } from 'node:module';\nconst require = createRequire(import.meta.url);\n${script}`,
  );

  // The condition of React's server. Without it, `server-only` throws, as it should.
  const options = ['--disable-warning=ExperimentalWarning', '--conditions', 'react-server'];
  const { stdout } = await run(process.execPath, [...options, 'names.mjs'], { cwd: project });

  expect(stdout.trim().split('\n')).toEqual(packed.map(({ name }) => `${name} true true`));
});

test('importing core loads no other package', async () => {
  const hook = `export const resolve = async (name, context, next) => {
    const resolved = await next(name, context);
    if (/node_modules\\/(?!@kms-secrets\\/)/.test(resolved.url)) console.log(resolved.url);
    return resolved;
  };`;
  await writeFile(join(project, 'hook.mjs'), hook);
  await writeFile(
    join(project, 'loads.mjs'),
    `import { register } from 'node:module';\nregister('./hook.mjs', import.meta.url);\nawait import('@kms-secrets/core');`,
  );

  expect((await run(process.execPath, ['loads.mjs'], { cwd: project })).stdout).toBe('');
});

test('a client that has fetched nothing loads no network, TLS or crypto module', async () => {
  const script = `
    const atStart = new Set(process.moduleLoadList);
    const { createSecretClient } = await import('@kms-secrets/core');
    createSecretClient({ credentials: { accessKeyId: 'FakeId', accessKeySecret: 's3cret-key' }, endpoints: ['cn-hangzhou'] });
    const loaded = process.moduleLoadList.filter((name) => !atStart.has(name));
    console.log(JSON.stringify(loaded.filter((name) => /^NativeModule (crypto|http|https|net|stream|tls)$/.test(name))));`;
  await writeFile(join(project, 'idle.mjs'), script);

  expect(JSON.parse((await run(process.execPath, ['idle.mjs'], { cwd: project, env: {} })).stdout)).toEqual([]);
});

test.each(['mts', 'cts'])('a .%s file resolves the types of every package', async (extension) => {
  const statements = packed.map(
    ({ name }, index) =>
      `import * as module${index} from '${name}';\nexport const keys${index}: keyof typeof module${index} = Object.keys(module${index})[0] as never;\n`,
  );
  await writeFile(join(project, `uses.${extension}`), statements.join(''));
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const options = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2023', '--types', 'node'];

  const { stdout } = await run(process.execPath, [tsc, ...options, `uses.${extension}`], { cwd: project }).catch(
    (failed: { stdout: string }) => failed,
  );

  expect(stdout).toBe('');
});

test.each([
  ['without @types/node', [], 'signal.aborted', 'sealed.byteLength'],
  ['with those of @types/node', ['node'], 'signal.throwIfAborted()', 'sealed.readUInt8()'],
])('the types compile %s, with skipLibCheck off', async (_title, types, useSignal, useSealed) => {
  const folder = await mkdtemp(join(project, 'types-'));
  const compilerOptions = {
    ...{ module: 'nodenext', target: 'es2022', lib: ['es2022'], strict: true, noEmit: true },
    ...{ skipLibCheck: false, types, typeRoots: ['../node_modules/@types'] },
  };
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['uses.mts'] }));
  await writeFile(
    join(folder, 'uses.mts'),
    `import type { Envelope, SecretTransport } from '@kms-secrets/core';
     import type { RedisStoreOptions } from '@kms-secrets/redis';
     import type { FakeKms } from '@kms-secrets/testing';
     export type Uses = [RedisStoreOptions, FakeKms];
     export const fetch: SecretTransport['fetch'] = async (_request, signal) => { ${useSignal}; throw new Error(); };
     export const use = (sealed: ReturnType<Envelope['seal']>): unknown => ${useSealed};`,
  );
  const tsc = join(root, 'node_modules/typescript/bin/tsc');

  const { stdout } = await run(process.execPath, [tsc, '--project', folder], { cwd: project }).catch(
    (failed: { stdout: string }) => failed,
  );

  expect(stdout).toBe('');
});

test('a tarball has the built files and documents, but no tests or sources', () => {
  const expected = /^(package\.json|README\.md|LICENSE|CHANGELOG\.md|dist\/.+(?<!\.test|\.test-d)(\.d\.c?ts|\.c?js))$/;

  const unexpected = packed.flatMap(({ name, contents }) =>
    contents.filter((path) => !expected.test(path)).map((path) => `${name}: ${path}`),
  );

  expect(unexpected).toEqual([]);
  expect(
    packed.map(({ contents }) => contents.includes('dist/index.d.ts') && contents.includes('LICENSE')),
  ).not.toContain(false);
});
