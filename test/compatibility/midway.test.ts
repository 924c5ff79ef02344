import { createHash, randomUUID } from 'node:crypto';
import { cp, readFile, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { freePort } from '../support/free-port.mjs';
import { startCloud } from './support/cloud.ts';
import type { Cloud } from './support/cloud.ts';
import { fileIn, readmeBlock } from './support/readme.ts';
import { startServer } from './support/server-program.ts';
import { supports } from './support/supports.ts';
import { usersProject } from './support/users-project.ts';
import type { UsersProject } from './support/users-project.ts';

/** What `npm init midway` installs, pinned. Without @midwayjs/info, a validator and what lints: they do not concern us. */
const tools = {
  '@midwayjs-examples/application-koa-v3': '1.0.31',
  '@types/jest': '29.5.14',
  '@types/node': '20.19.43',
  jest: '29.7.0',
  mwtsc: '1.16.0',
  'ts-jest': '29.4.15',
  typescript: '5.9.3',
};
const majors = {
  'Midway 3': {
    '@midwayjs/bootstrap': '3.20.24',
    '@midwayjs/core': '3.20.24',
    '@midwayjs/koa': '3.20.24',
    '@midwayjs/logger': '3.4.2',
    '@midwayjs/mock': '3.20.24',
  },
  'Midway 4': {
    '@midwayjs/bootstrap': '4.2.3',
    '@midwayjs/core': '4.0.0',
    '@midwayjs/koa': '4.0.0',
    '@midwayjs/logger': '4.0.1',
    '@midwayjs/mock': '4.1.0',
  },
};
type Major = keyof typeof majors;

const page = 'docs/start/midway.md';
const fixtures = join(import.meta.dirname, 'fixtures/midway');
const template = 'node_modules/@midwayjs-examples/application-koa-v3/boilerplate';
/** Compiler options of the starter of Midway 4: CommonJS as well, but packages are resolved as Node.js does. */
const compilerOptionsOf4 = {
  target: 'ES2021',
  module: 'NodeNext',
  moduleResolution: 'NodeNext',
  isolatedModules: true,
};

/**
 * The starter on Koa with the code of docs/start/midway.md, one further controller and a test. For both majors its files are those of
 * the template of Midway 3 on npm; the starter of Midway 4 has the same ones, apart from the differences below.
 */
async function midwayStarter(major: Major): Promise<UsersProject> {
  const project = await usersProject(major.toLowerCase().replace(' ', '-'), {
    packages: ['midway', 'testing'],
    dependencies: { ...majors[major], ...tools },
  });
  const read = (path: string): Promise<string> => readFile(join(project.directory, path), 'utf8');
  await cp(join(project.directory, template), project.directory, { recursive: true });
  await cp(fixtures, project.directory, { recursive: true });
  // In place of what `npm init` asks for.
  const config = (await read('src/config/config.default.ts')).replace('{{keys}}', 's3cret-keys');
  await project.write('src/config/config.default.ts', config.replace('  koa: {', `${mergedSecret}  koa: {`));
  await project.write('src/controller/home.controller.ts', fileIn(page, 'src/controller/home.controller.ts'));
  const configuration = fileIn(page, 'src/configuration.ts');
  // The page says that Midway 3 has no detector.
  const withoutDetector = configuration.replace(/^ *detector:.*\n/mu, '').replace(' CommonJSFileDetector,', '');
  await project.write('src/configuration.ts', major === 'Midway 3' ? withoutDetector : configuration);
  if (major === 'Midway 4') {
    const tsconfig = JSON.parse(await read('tsconfig.json')) as { compilerOptions: object };
    Object.assign(tsconfig.compilerOptions, compilerOptionsOf4);
    await project.write('tsconfig.json', JSON.stringify(tsconfig));
    const controller = await read('src/controller/api.controller.ts');
    await project.write(
      'src/controller/api.controller.ts',
      controller.replace('import { Context }', 'import type { Context }'), // isolatedModules
    );
  }
  const jest = readmeBlock('midway', 'Testing', 'transformIgnorePatterns');
  await project.write('jest.config.js', `${await read('jest.config.js')}\nObject.assign(module.exports, ${jest});\n`);
  return project;
}

const mergedSecret = `  kmsSecrets: { config: { 'redis.client.password': { secret: 'prod/db', field: 'password' } } },
  redis: { client: {} },
`;

/** Puts a new version of `prod/db` into KMS. Returns the digest of its password. */
function putSecret({ kms }: Cloud): string {
  const password = `s3cret-${randomUUID()}`;
  kms.put('prod/db', JSON.stringify({ user: 'app', password }));
  return createHash('sha256').update(password).digest('hex').slice(0, 16);
}

/** What Midway wrote into files. In production it logs nowhere else. */
async function logsOf(project: UsersProject): Promise<string> {
  const folder = join(project.directory, 'logs');
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return (await Promise.all(files.map((file) => readFile(file, 'utf8')))).join('');
}

/** Builds and starts the app. Fails unless it reads, follows a rotation, is denied, and serves while KMS is stopped. */
async function expectServes(project: UsersProject, cloud: Cloud): Promise<void> {
  const first = putSecret(cloud);
  await project.run('node_modules/.bin/mwtsc', ['--cleanOutDir']);
  await rm(join(project.directory, 'logs'), { recursive: true, force: true }); // those of Jest
  const port = await freePort();
  const env = { NODE_ENV: 'production', MIDWAY_HTTP_PORT: String(port), KMS_SECRETS_TTL: '1s' };
  await using server = startServer(process.execPath, ['bootstrap.js'], { cwd: project.directory, env });
  const get = (path: string): Promise<Response> => fetch(`http://127.0.0.1:${port}${path}`);
  const text = async (path: string): Promise<string> => (await get(path)).text();

  await server.eventually(first, () => text('/reads/injected'));
  expect(await text('/')).toMatch(/^version \S+, stale: false\n$/u);
  expect(await text('/reads/merged')).toBe(first);
  expect(await text('/api/get_user?uid=1')).toContain('mockedName');

  const rotated = putSecret(cloud);
  await server.eventually(rotated, () => text('/reads/injected'));
  expect(await text('/reads/merged')).toBe(first);

  const denied = await get('/reads/denied');
  expect([denied.status, await denied.json()]).toEqual([503, { code: 'ERR_ACCESS_DENIED' }]);

  await cloud.kms.stop('cn-hangzhou');
  await server.eventually(true, async () => (await text('/')).endsWith('stale: true\n'));
  expect(await text('/reads/injected')).toBe(rotated);

  const { output } = await server.stop();
  const logs = await logsOf(project);
  expect(logs).toContain('redis.client.password'); // it has changed, and the configuration has not
  expect(output + logs).not.toContain('s3cret-');
}

for (const [major, versions] of Object.entries(majors) as [Major, Readonly<Record<string, string>>][]) {
  const pinned = ['core', 'koa'].map((name) => `@midwayjs/${name} ${versions[`@midwayjs/${name}`]}`);
  supports({ area: 'Midway', setting: `${major}: starter on Koa`, versions: pinned.join(', ') }, async () => {
    await using cloud = await startCloud();
    cloud.kms.put('prod/denied', 's3cret-denied');
    cloud.kms.deny('prod/denied');
    await using deployment = await cloud.deploy('access key');
    const project = await midwayStarter(major);
    await cp(deployment.folder, project.directory, { recursive: true });
    putSecret(cloud);
    // The starter's own test reads from KMS, ours has fixed secrets.
    const { output } = await project.run('node_modules/.bin/jest', [], { env: { NODE_ENV: 'unittest' } });
    expect(output).toMatch(/Tests: +2 passed, 2 total/u);
    await expectServes(project, cloud);
  });
}
