import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { startCloud } from './support/cloud.ts';
import type { Cloud } from './support/cloud.ts';
import { expectReads } from './support/reader.ts';
import { readmeBlock } from './support/readme.ts';
import { usersProject } from './support/users-project.ts';
import type { UsersProject } from './support/users-project.ts';

const root = join(import.meta.dirname, '../..');
const run = promisify(execFile);
const tools = {
  '@opentelemetry/api': '1.10.0',
  '@opentelemetry/instrumentation': '0.301.0',
  '@opentelemetry/instrumentation-http': '0.301.0',
  esbuild: '0.28.2',
  jest: '30.5.2',
  'ts-jest': '29.4.15',
  typescript: '5.9.3',
};
const packed = inject('packages');

/** The entry points that the tests import: that of the package, or each driver of a package without one. */
const entryPoints = packed.flatMap(({ name }) => {
  const folder = join(root, 'packages', name.slice('@kms-secrets/'.length));
  const { exports } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { exports: object };
  const paths = '.' in exports ? ['.'] : Object.keys(exports).filter((path) => path !== './package.json');
  return paths.map((path) => ({ name, specifier: name + path.slice(1), file: path === '.' ? 'index' : path.slice(2) }));
});
const { peerDependencies } = JSON.parse(readFileSync(join(root, 'packages/databases/package.json'), 'utf8')) as {
  peerDependencies: object;
};
/** What Egg's own declarations import, without a dependency on it. */
const typesOfEgg = {
  '@types/accepts': '1.3.7',
  '@types/cookies': '0.9.2',
  '@types/http-errors': '2.0.5',
  '@types/methods': '1.1.4',
};
const drivers = [...Object.keys(peerDependencies), '@types/pg'];
let usersApp: UsersProject;
let project: string;
let cloud: Cloud;

/** The version of an installed package. */
async function versionOf(folder: string): Promise<string> {
  const { version } = JSON.parse(await readFile(join(root, folder, 'package.json'), 'utf8')) as { version: string };
  return version;
}

// One project for all tests: the tarballs, the frameworks that are peer dependencies of the adapters, and the tools of the quick
// checks. The name has a space and a letter that is not ASCII.
beforeAll(async () => {
  const frameworks = 'packages/express/node_modules';
  const nestPackages = ['@nestjs/common', '@nestjs/core', '@nestjs/terminus', 'reflect-metadata', 'rxjs'];
  usersApp = await usersProject('a user’s project', {
    packages: packed.map(({ name }) => name.slice('@kms-secrets/'.length)),
    dependencies: {
      egg: await versionOf('packages/egg/node_modules/egg'),
      ...typesOfEgg,
      express: await versionOf(`${frameworks}/express`),
      fastify: await versionOf('packages/fastify/node_modules/fastify'),
      hono: await versionOf('packages/hono/node_modules/hono'),
      koa: await versionOf('packages/koa/node_modules/koa'),
      '@midwayjs/core': await versionOf('packages/midway/node_modules/@midwayjs/core'),
      ...Object.fromEntries(
        await Promise.all(
          nestPackages.map(async (name) => [name, await versionOf(`packages/nestjs/node_modules/${name}`)] as const),
        ),
      ),
      ...Object.fromEntries(
        await Promise.all(
          drivers.map(async (name) => [name, await versionOf(`packages/databases/node_modules/${name}`)] as const),
        ),
      ),
      '@types/express': await versionOf(`${frameworks}/@types/express`),
      '@types/koa': await versionOf('packages/koa/node_modules/@types/koa'),
      '@types/node': await versionOf('node_modules/@types/node'),
      ...tools,
    },
    npmOptions: ['--omit=peer'],
    files: join(import.meta.dirname, 'fixtures/reader'),
  });
  project = usersApp.directory;
  // Linked instead of installed: they have half a gigabyte.
  for (const name of ['next', 'react']) {
    const link = join(project, 'node_modules', name);
    if (!existsSync(link)) await symlink(join(root, 'packages/next/node_modules', name), link);
  }
  await cp(join(import.meta.dirname, 'fixtures/quick'), project, { recursive: true });
  cloud = await startCloud();
});
afterAll(() => cloud[Symbol.asyncDispose]());

test('import and require() return the same names for every package', async () => {
  const script = `
    const names = (module) => Object.keys(module).filter((name) => name !== 'module.exports' && name !== '__esModule').sort();
    for (const name of ${JSON.stringify(entryPoints.map(({ specifier }) => specifier))}) {
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

  expect(stdout.trim().split('\n')).toEqual(entryPoints.map(({ specifier }) => `${specifier} true true`));
});

test('require() says what is needed where Node.js cannot require ES modules', async () => {
  const specifiers = entryPoints.map(({ specifier }) => specifier);
  const script = `for (const name of ${JSON.stringify(specifiers)}) try { require(name) } catch (error) { console.log(error.code, error.message) }`;

  const { stdout } = await run(process.execPath, ['--no-experimental-require-module', '-e', script], { cwd: project });

  const needed = `needs Node.js 20.19, 22.12 or newer; this is Node.js ${process.versions.node}.`;
  const todo = 'Use import or await import(), bundle the app, or update Node.js.';
  expect(stdout.split('\n').slice(0, -1)).toEqual(
    entryPoints.map(({ name }) => `ERR_REQUIRE_ESM require() of ${name} ${needed} ${todo}`),
  );
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

test.each(['node16', 'nodenext'])(
  'ES modules and CommonJS resolve the types of every package with %s',
  async (module) => {
    const statements = entryPoints.map(
      ({ specifier }, index) =>
        `import * as module${index} from '${specifier}';\nexport const keys${index}: keyof typeof module${index} = Object.keys(module${index})[0] as never;\n`,
    );
    const files = ['uses.mts', 'uses.cts'];
    for (const file of files) await writeFile(join(project, file), statements.join(''));
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    const options = ['--noEmit', '--strict', '--module', module, '--target', 'es2023', '--types', 'node'];

    const { stdout } = await run(process.execPath, [tsc, ...options, ...files], { cwd: project }).catch(
      (failed: { stdout: string }) => failed,
    );

    // Midway declares `getFramework(): IMidwayFramework<this, CTX, unknown>`, and the third parameter must extend
    // IConfigurationOptions. Its users set skipLibCheck, as its starter does.
    const errors = stdout.trimEnd().split('\n');
    expect(errors.map((line) => line.replace(/\(\d+,\d+\): error (TS\d+): .+$/u, ' $1'))).toEqual([
      'node_modules/@midwayjs/core/dist/interface.d.ts TS2344',
    ]);
  },
);

test.each([
  ['without @types/node', { types: [], useSignal: 'signal.aborted', useSealed: 'sealed.byteLength' }],
  ['with @types/node', { types: ['node'], useSignal: 'signal.throwIfAborted()', useSealed: 'sealed.readUInt8()' }],
])('the types compile %s, with skipLibCheck off', async (_title, { types, useSignal, useSealed }) => {
  const folder = await mkdtemp(join(project, 'types-'));
  const language = { module: 'nodenext', target: 'es2022', lib: ['es2022'], strict: true, noEmit: true };
  const compilerOptions = { ...language, skipLibCheck: false, types, typeRoots: ['../node_modules/@types'] };
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

/** A project in which an adapter has another copy of core than the app. Returns the folders of both copies. */
async function installTwoCores(version: string): Promise<{ folder: string; own: string; nested: string }> {
  const folder = await mkdtemp(join(project, 'copies-'));
  const installed = join(project, 'node_modules/@kms-secrets');
  const packages = join(folder, 'node_modules/@kms-secrets');
  const nested = join(packages, 'express/node_modules/@kms-secrets/core');
  for (const name of ['core', 'express']) await cp(join(installed, name), join(packages, name), { recursive: true });
  await cp(join(installed, 'core'), nested, { recursive: true });
  for (const file of ['package.json', 'dist/core.js']) {
    const text = await readFile(join(nested, file), 'utf8');
    await writeFile(join(nested, file), text.replace(/(?<=\bversion"?: ?["`])[^"`]+/u, version));
  }
  return { folder, own: join(packages, 'core'), nested };
}

/** Runs a script with both copies, `app` and `nested`. Returns what it puts into `results`, and the warnings with a code. */
async function runWithTwoCores(
  folder: string,
  script: string,
): Promise<{ results: unknown[]; warnings: { code: string; message: string }[] }> {
  const program = `
    import { createRequire } from 'node:module';
    import * as app from '@kms-secrets/core';
    import * as nested from './node_modules/@kms-secrets/express/node_modules/@kms-secrets/core/dist/index.js';
    import { secrets } from '@kms-secrets/express';
    const warnings = [];
    process.on('warning', ({ code, message }) => { if (code !== undefined) warnings.push({ code, message }); });
    const results = [];
    const secret = new app.Secret({ name: 'db', versionId: 'v1', value: 's3cret-value', dataType: 'text' });
    const clientOf = (core, fetch) => core.createSecretClient({ endpoints: [{ endpoint: 'kms', fetch, close() {} }] });
    ${script}
    await new Promise((resolve) => setImmediate(resolve));
    console.log(JSON.stringify({ results, warnings }));`;
  await writeFile(join(folder, 'mixed.mjs'), program);
  const options = ['--disable-warning=ExperimentalWarning', 'mixed.mjs'];
  return JSON.parse((await run(process.execPath, options, { cwd: folder })).stdout) as ReturnType<
    typeof runWithTwoCores
  >;
}

test('two versions of core understand each other’s clients, secrets and errors', async () => {
  const { folder } = await installTwoCores('9.9.9');

  const { results } = await runWithTwoCores(
    folder,
    `for (const [core, other] of [[app, nested], [nested, app]]) {
      const client = clientOf(core, async ({ name }) => {
        if (name === 'db') return new other.Secret({ name, versionId: 'v1', value: 's3cret-value', dataType: 'text' });
        throw new other.FetchFailure('notFound', 'none');
      });
      const request = {};
      const middleware = secrets(client, { preload: ['db'] });
      await new Promise((resolve, reject) => middleware(request, {}, (thrown) => (thrown ? reject(thrown) : resolve())));
      const error = await client.get('none').catch((thrown) => thrown);
      results.push(other.isSecretClient(client), other.isSecret(await client.get('db')), other.isSecretSnapshot(request.secrets));
      results.push(request.secrets.text('db') === 's3cret-value', new other.SecretHandle(client, 'db').text() === 's3cret-value');
      results.push(other.isSecretError(error, 'ERR_SECRET_NOT_FOUND'), other.errorResponse(error).status === 503);
      await client.close();
    }`,
  );

  expect(results).toEqual(Array.from({ length: 14 }, () => true));
});

test.each([
  ['client', 'isSecretClient(clientOf(app, () => {}))'],
  ['secret', 'isSecret(secret)'],
  ['error', "isSecretError(new app.StoreError('none'))"],
  ['snapshot', 'isSecretSnapshot(new app.SecretSnapshot())'],
])('warns once of a %s of another version of core', async (_kind, guard) => {
  const { folder, own, nested } = await installTwoCores('9.9.9');

  const { results, warnings } = await runWithTwoCores(folder, `results.push(nested.${guard}, nested.${guard});`);

  expect(results).toEqual([true, true]);
  expect(warnings).toEqual([{ code: 'KMS_SECRETS_TWO_VERSIONS', message: expect.any(String) }]);
  expect(decodeURI(warnings[0]?.message ?? '')).toContain(`: file://${join(own, 'dist/core.js')}\n`);
  expect(decodeURI(warnings[0]?.message ?? '')).toContain(`9.9.9: file://${join(nested, 'dist/core.js')}\n`);
});

test('does not warn of a second copy of the same version, nor of require() beside import', async () => {
  const { version } = JSON.parse(await readFile(join(root, 'packages/core/package.json'), 'utf8')) as {
    version: string;
  };
  const { folder } = await installTwoCores(version);

  const { results, warnings } = await runWithTwoCores(
    folder,
    `const required = createRequire(import.meta.url)('@kms-secrets/core');
    results.push(nested.isSecret(secret), required.isSecret(secret), required.Secret === app.Secret, nested.Secret === app.Secret);`,
  );

  expect(results).toEqual([true, true, true, false]);
  expect(warnings).toEqual([]);
});

/** What Egg finds by its name, and what an operator copies from a package. */
const otherFiles = [
  '@kms-secrets/egg: agent.js',
  '@kms-secrets/egg: app.js',
  '@kms-secrets/egg: app/middleware/kms_secrets.js',
  '@kms-secrets/opentelemetry: alerts.yaml',
  '@kms-secrets/opentelemetry: dashboard.json',
];

test('a tarball has the built files and documents, but no tests or sources', () => {
  const expected =
    /^(package\.json|README(?:\.zh-CN)?\.md|LICENSE|CHANGELOG\.md|dist\/.+(?<!\.test|\.test-d)(\.d\.c?ts|\.c?js))$/;

  const unexpected = packed.flatMap(({ name, contents }) =>
    contents.filter((path) => !expected.test(path)).map((path) => `${name}: ${path}`),
  );

  expect(unexpected.toSorted()).toEqual(otherFiles);
  expect(packed.map(({ contents }) => contents.includes('LICENSE'))).not.toContain(false);
  const contents = new Map(packed.map((tarball) => [tarball.name, tarball.contents]));
  for (const { name, file } of entryPoints) expect(contents.get(name)).toContain(`dist/${file}.d.ts`);
});

test('a bundle that is moved away from node_modules reads, also instrumented by OpenTelemetry', async () => {
  const options = ['reader.mjs', '--bundle', '--platform=node', '--outfile=out/reader.cjs'];
  await usersApp.run('node_modules/.bin/esbuild', options);
  const moved = await mkdtemp(join(tmpdir(), 'moved-'));
  await cp(join(project, 'out'), moved, { recursive: true });
  const bundle = join(moved, 'reader.cjs');
  const traced = ['--require', join(project, 'tracing.cjs'), bundle];

  const [output] = await Promise.all([
    expectReads(cloud, 'access key', { command: process.execPath, args: traced }),
    expectReads(cloud, 'RAM role', { command: process.execPath, args: [bundle] }),
  ]);

  expect(output).toMatch(/^traced [1-9]\d* requests$/mu);
  await rm(moved, { recursive: true });
});

test('a suite of Jest passes, with ts-jest and the line of the README', async () => {
  const readmeLine = JSON.parse(readmeBlock('core', 'Jest', 'transformIgnorePatterns')) as object;
  const tsconfig = { module: 'nodenext', target: 'es2023', isolatedModules: true, types: ['node'] };
  const config = {
    ...readmeLine,
    roots: ['<rootDir>/tests'],
    cacheDirectory: '.jest-cache',
    testTimeout: 60_000,
    testEnvironment: 'node',
    transform: { [String.raw`^.+\.(t|j)s$`]: ['ts-jest', { tsconfig }] },
  };
  await usersApp.write('jest.json', JSON.stringify(config));
  const suite = join(import.meta.dirname, 'fixtures/test-runners/secrets.test.js');
  await cp(suite, join(project, 'tests/secrets.test.ts'), { recursive: true });

  const { output } = await usersApp.run(process.execPath, ['node_modules/jest/bin/jest.js', '--config', 'jest.json']);

  expect(output).toContain('6 passed, 6 total');
});
