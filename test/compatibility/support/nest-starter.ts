import { mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { readmeBlock } from './readme.ts';
import { usersProject } from './users-project.ts';
import type { UsersProject } from './users-project.ts';

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly jest?: object;
  readonly [field: string]: unknown;
}

const suite = join(import.meta.dirname, '..');
/** The part of the README before its sections. */
const introduction = '# @kms-secrets/nestjs';
/** Tools of the starter that no test starts: they are not installed. */
const leftOut = /^(?:@eslint\/|eslint|typescript-eslint|oxlint|prettier|globals$|@nestjs\/mau$|@vitest\/coverage)/u;

/**
 * A project as `nest new` generates it, by the version of `@nestjs/cli` in `versions`. The starter states ranges; `versions` pins
 * each of its dependencies, and further ones. The code of our README and of fixtures/nestjs is added.
 */
export async function nestStarter(name: string, versions: Readonly<Record<string, string>>): Promise<UsersProject> {
  const project = await usersProject(name, {
    packages: ['nestjs', 'testing'],
    dependencies: versions,
    files: join(suite, 'fixtures/nestjs'),
  });
  const starter = await generateStarter(project);
  const needed = Object.keys({ ...starter.dependencies, ...starter.devDependencies });
  const missing = needed.filter((each) => !leftOut.test(each) && versions[each] === undefined);
  if (missing.length > 0) throw new Error(`Pin what the starter depends on: ${missing.join(', ')}`);
  const isJest = starter.jest !== undefined;
  if (isJest) await addJestLine(project);
  await addReadme(project);
  if (starter['type'] !== 'module') await removeExtensions(join(project.directory, 'src'));
  return project;
}

/** Generates a starter into a project that npm has installed. Returns the starter's own manifest. */
async function generateStarter(project: UsersProject): Promise<Manifest> {
  const options = ['--skip-install', '--skip-git', '--package-manager', 'npm'];
  await project.run('node_modules/.bin/nest', ['new', 'starter', ...options]);
  const generated = join(project.directory, 'starter');
  const starter = await readManifest(generated);
  const { dependencies, overrides } = await readManifest(project.directory);
  await moveFiles(generated, project.directory);
  await project.write(
    'package.json',
    JSON.stringify({ ...starter, dependencies, devDependencies: {}, overrides }, null, 2),
  );
  return starter;
}

/** Adds the line of the README to each Jest configuration. */
async function addJestLine(project: UsersProject): Promise<void> {
  const line = JSON.parse(readmeBlock('nestjs', 'CommonJS', 'transformIgnorePatterns')) as object;
  await editJson(project, 'package.json', (manifest) => ({
    ...manifest,
    jest: { ...(manifest['jest'] as object), ...line },
  }));
  await editJson(project, 'test/jest-e2e.json', (config) => ({ ...config, ...line }));
}

/** Pastes the blocks of the README into the starter, as a user does. */
async function addReadme(project: UsersProject): Promise<void> {
  const given = (value: string, type: string): string =>
    `import { ${value} } from './database.js';\nimport type { ${type} } from './database.js';\n`;
  const orders = readmeBlock('nestjs', introduction, 'class OrdersModule');
  const controller = readmeBlock('nestjs', 'One version per request', 'class OrdersController');
  await project.write('src/orders.module.ts', given('connect', 'Pool') + orders);
  await project.write('src/orders.controller.ts', given('query', 'Order') + controller);
  await project.write('src/ready.controller.ts', readmeBlock('nestjs', 'Health', 'class ReadyController'));
  await edit(project, 'src/app.module.ts', withSecrets);
  await edit(project, 'src/main.ts', (text) =>
    replace(text, ['await app.listen', 'app.enableShutdownHooks();\n  await app.listen']),
  );
  await edit(project, 'test/app.e2e-spec.ts', withFixedSecrets);
}

/** The starter's module, with what the README and fixtures/nestjs have. */
function withSecrets(text: string): string {
  const module = readmeBlock('nestjs', introduction, 'class AppModule');
  const errors = readmeBlock('nestjs', 'Errors', 'class AppModule');
  const imports = `${listIn(module, 'imports')}, ReadsModule, TerminusModule, ScheduleModule.forRoot()`;
  const providers = `AppService, ${listIn(errors, 'providers')}, SecretsHealthIndicator`;
  return [
    ...new Set([...importsOf(module), ...importsOf(errors)]),
    `import { SecretsHealthIndicator } from '@kms-secrets/nestjs/terminus';`,
    `import { ScheduleModule } from '@nestjs/schedule';`,
    `import { TerminusModule } from '@nestjs/terminus';`,
    `import { OrdersController } from './orders.controller.js';`,
    `import { OrdersModule } from './orders.module.js';`,
    `import { ReadsController } from './reads.controller.js';`,
    `import { ReadsModule } from './reads.js';`,
    `import { ReadyController } from './ready.controller.js';`,
    replace(
      text,
      [`import { Module } from '@nestjs/common';\n`, ''],
      ['imports: []', `imports: [${imports}]`],
      ['[AppController]', '[AppController, OrdersController, ReadsController, ReadyController]'],
      ['[AppService]', `[${providers}]`],
    ),
  ].join('\n');
}

const ordersTest = `  it('/orders (GET)', async () => {
    const { body } = await request(app.getHttpServer()).get('/orders').expect(200);
    expect(body).toEqual([{ id: expect.stringMatching(/^[0-9a-f]{16}$/u) }]);
  });

`;

/** The starter's test, with the testing module of the README, and a test of the orders. */
function withFixedSecrets(text: string): string {
  const block = readmeBlock('nestjs', 'Testing', 'createTestingModule');
  const testingModule = /Test\.createTestingModule\([^]*?\.compile\(\)/u;
  return [
    ...importsOf(block).filter((line) => !line.includes('@nestjs/testing')), // the starter has it
    replace(text, [testingModule, testingModule.exec(block)?.[0] ?? ''], ['  afterEach(', `${ordersTest}  afterEach(`]),
  ].join('\n');
}

function importsOf(code: string): readonly string[] {
  return code.split('\n').filter((line) => line.startsWith('import '));
}

/** What a block has in a list of `@Module`. */
function listIn(code: string, property: string): string {
  const list = new RegExp(`${property}: \\[(?<list>[^\\]]*)\\]`, 'u').exec(code)?.groups?.['list'];
  if (list === undefined) throw new Error(`The block has no ${property}:\n${code}`);
  return list;
}

/** Throws if a text to replace is missing. */
function replace(text: string, ...replacements: ReadonlyArray<readonly [string | RegExp, string]>): string {
  return replacements.reduce((result, [from, to]) => {
    const replaced = result.replace(from, () => to);
    if (replaced === result) throw new Error(`The starter has no ${String(from)}:\n${text}`);
    return replaced;
  }, text);
}

/** The CommonJS starter imports files without an extension, and its Jest finds them only so. */
async function removeExtensions(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    const path = join(directory, name);
    const text = await readFile(path, 'utf8');
    await writeFile(path, text.replaceAll(/(?<start>from '\.[^']*)\.js'/gu, "$<start>'"));
  }
}

async function edit(project: UsersProject, path: string, change: (text: string) => string): Promise<void> {
  await project.write(path, change(await readFile(join(project.directory, path), 'utf8')));
}

async function editJson(
  project: UsersProject,
  path: string,
  change: (fields: Record<string, unknown>) => object,
): Promise<void> {
  await edit(project, path, (text) => JSON.stringify(change(JSON.parse(text) as Record<string, unknown>), null, 2));
}

/** Moves what a folder has into another folder, and removes it. */
async function moveFiles(from: string, to: string): Promise<void> {
  for (const entry of await readdir(from, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const target = join(to, relative(from, path));
    await mkdir(dirname(target), { recursive: true });
    await rename(path, target);
  }
  await rm(from, { recursive: true });
}

async function readManifest(directory: string): Promise<Manifest> {
  return JSON.parse(await readFile(join(directory, 'package.json'), 'utf8')) as Manifest; // npm wrote or read it
}
