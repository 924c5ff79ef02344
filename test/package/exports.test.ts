import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from 'vitest';

const packages = join(import.meta.dirname, '../../packages');

/** By path in `packages`. One process for all files: 25 processes took ten times the CPU time. */
let namesByFile: Readonly<Record<string, readonly string[]>>;

beforeAll(async () => {
  const files = await readdir(packages).then((names) => Promise.all(names.map(entryPointsOf)));
  const script = `const found = {};
    for (const file of ${JSON.stringify(files.flat())})
      await import(${JSON.stringify(`${packages}/`)} + file).then((names) => (found[file] = Object.keys(names)));
    console.log(JSON.stringify(found));`;
  // The condition of React's servers, which `server-only` requires.
  const options = ['--conditions', 'react-server', '--input-type', 'module', '-e', script];
  const { stdout } = await promisify(execFile)(process.execPath, options);
  namesByFile = JSON.parse(stdout) as typeof namesByFile;
});

/** The built files that `exports` of a manifest names, apart from those that only throw. */
async function entryPointsOf(name: string): Promise<string[]> {
  const manifest = JSON.parse(await readFile(join(packages, name, 'package.json'), 'utf8')) as { exports: object };
  const files = JSON.stringify(manifest.exports).match(/(?<="\.\/)dist\/[^"]+\.js(?=")/gu) ?? [];
  const loadable = [...new Set(files)].filter((file) => !/only-for|(?:browser|edge)-entry/u.test(file));
  return loadable.map((file) => `${name}/${file}`);
}

/** What plain Node finds in a built entry point, without the sources and without a test runner. */
function exportsOf(name: string, file = 'index.js'): readonly string[] {
  const names = namesByFile[`${name}/dist/${file}`];
  if (names === undefined) throw new Error(`The manifest of ${name} exports no ${file}.`);
  return names;
}

// Every added name is a promise, and every removed name breaks a user: both need a changeset. `vitest -u` records them.
test('@kms-secrets/core exports', async () => {
  expect(exportsOf('core')).toMatchInlineSnapshot(`
    [
      "AccessDeniedError",
      "ClientClosedError",
      "ConfigurationError",
      "DeadlineExceededError",
      "FetchFailure",
      "IdentityRejectedError",
      "RequestRejectedError",
      "Secret",
      "SecretDisabledError",
      "SecretError",
      "SecretHandle",
      "SecretNotFoundError",
      "SecretSetError",
      "SecretSnapshot",
      "SecretTypeError",
      "SecretUnavailableError",
      "StoreError",
      "contentHeaders",
      "createKeyring",
      "createSecretClient",
      "errorCode",
      "errorName",
      "errorResponse",
      "failures",
      "fileStore",
      "healthOptionNames",
      "healthResponse",
      "isError",
      "isOutage",
      "isSecret",
      "isSecretClient",
      "isSecretError",
      "isSecretSnapshot",
      "keyValueStore",
      "loadDeclared",
      "milliseconds",
      "refuseUnknownOptions",
      "sdkTransport",
      "systemClock",
      "toSecretRequest",
    ]
  `);
});

test('the internal entry of @kms-secrets/core adds', async () => {
  const shared = new Set(exportsOf('core'));
  const names = exportsOf('core', 'internal.js');

  expect(names.filter((name) => !shared.has(name))).toMatchInlineSnapshot(`
    [
      "createSecretClientOn",
      "describeDuration",
      "inspection",
      "machine",
      "safeMessage",
      "suggestion",
    ]
  `);
});

test('@kms-secrets/testing/command exports', async () => {
  expect(exportsOf('testing', 'cli/command.js')).toEqual(['main']);
});

/** What every adapter exports from core: docs/decisions/0028-one-api-shape-for-adapters.md. */
const commonExports = [
  'AccessDeniedError',
  'ClientClosedError',
  'ConfigurationError',
  'DeadlineExceededError',
  'IdentityRejectedError',
  'RequestRejectedError',
  'Secret',
  'SecretDisabledError',
  'SecretError',
  'SecretHandle',
  'SecretNotFoundError',
  'SecretSetError',
  'SecretSnapshot',
  'SecretTypeError',
  'SecretUnavailableError',
  'StoreError',
  'createKeyring',
  'createSecretClient',
  'errorResponse',
  'fileStore',
  'healthResponse',
  'isOutage',
  'isSecret',
  'isSecretClient',
  'isSecretError',
  'keyValueStore',
  'sdkTransport',
];

/** The names in the braces of an `export`. */
const namesIn = (list: string): string[] => list.split(', ').map((each) => each.replace(/^(?:type |.+ as )/u, ''));

const nestExports = [
  'InjectSecret',
  'InjectSecretClient',
  'OnSecretRotated',
  'RequestSecret',
  'SecretErrorsFilter',
  'SecretsModule',
  'SecretsService',
  'getSecretClientToken',
  'getSecretToken',
];
const midwayExports = ['Configuration', 'InjectSecret', 'InjectSecretClient', 'SecretErrorsFilter', 'secretClientId'];
const nextExports = ['SecretNotAllowedHereError', 'getSecret', 'getSecretClient', 'secretErrors', 'secretsHealth'];
const nextSetupExports = ['configureSecrets', 'getSecretClient', 'register', 'withKmsSecrets'];

const eggExports = ['SecretsAgent', 'SecretsApp', 'kmsSecrets', 'secretErrors', 'secretsHealth'];

describe.each([
  { name: 'egg', file: 'index', own: eggExports },
  { name: 'express', file: 'index', own: ['getSecrets', 'secretErrors', 'secrets', 'secretsHealth'] },
  { name: 'fastify', file: 'index', own: ['secretErrors', 'secrets', 'secretsHealth'] },
  { name: 'koa', file: 'index', own: ['getSecrets', 'secretErrors', 'secrets', 'secretsHealth'] },
  { name: 'hono', file: 'index', own: ['getSecrets', 'secretErrors', 'secrets', 'secretsHealth'] },
  { name: 'midway', file: 'index', own: midwayExports },
  { name: 'nestjs', file: 'index', own: nestExports },
  { name: 'next', file: 'index', own: nextExports },
  { name: 'next', file: 'setup', own: nextSetupExports },
])('@kms-secrets/$name, $file,', ({ name, file, own }) => {
  test('exports its own names and the common ones of core', async () => {
    expect(exportsOf(name, `${file}.js`)).toEqual([...commonExports, ...own].toSorted());
  });

  test('exports the same types of core as every adapter', async () => {
    const [ofAdapter = '', ofExpress] = await Promise.all(
      [name, 'express'].map((each) => readFile(join(packages, each, 'src/core-exports.ts'), 'utf8')),
    );
    const declarations = await readFile(join(packages, name, `dist/${file}.d.ts`), 'utf8');
    const exported = namesIn(/^export \{ (.+) \};$/mu.exec(declarations)?.[1] ?? '');

    expect(ofAdapter).toBe(ofExpress);
    expect(exported).toEqual(
      expect.arrayContaining([...ofAdapter.matchAll(/^ {2}(\w+),$/gmu)].map(([, each]) => each)),
    );
  });
});

test('@kms-secrets/nestjs/terminus exports', async () => {
  expect(exportsOf('nestjs', 'terminus.js')).toEqual(['SecretsHealthIndicator']);
});

test('@kms-secrets/next/testing exports', async () => {
  expect(exportsOf('next', 'testing.js')).toEqual(['provideSecrets']);
});

test('@kms-secrets/next/setup has the same names on the edge runtime', async () => {
  expect(exportsOf('next', 'edge-setup-entry.js')).toEqual(exportsOf('next', 'setup.js'));
});

test('@kms-secrets/alicloud exports', async () => {
  expect(exportsOf('alicloud')).toMatchInlineSnapshot(`
    [
      "AccessKeyError",
      "ramCredentials",
    ]
  `);
});

test('@kms-secrets/databases exports', async () => {
  expect(exportsOf('databases', 'mariadb.js')).toEqual(exportsOf('databases', 'pg.js'));
  expect(exportsOf('databases', 'mysql2.js')).toEqual(exportsOf('databases', 'pg.js'));
  expect(exportsOf('databases', 'pg.js')).toMatchInlineSnapshot(`
    [
      "AccountError",
      "rotatingPool",
    ]
  `);
  expect(exportsOf('databases', 'ioredis.js')).toEqual(['AccountError', 'rotatingRedis']);
  expect(exportsOf('databases', 'knex.js')).toEqual(['rotatingKnex']);
  expect(exportsOf('databases', 'sequelize.js')).toEqual(['AccountError', 'rotatingSequelize']);
});

test('@kms-secrets/opentelemetry exports', async () => {
  expect(exportsOf('opentelemetry')).toMatchInlineSnapshot(`
    [
      "instrumentSecrets",
    ]
  `);
  expect(exportsOf('opentelemetry', 'prometheus.js')).toMatchInlineSnapshot(`
    [
      "prometheusMetrics",
    ]
  `);
});

test('@kms-secrets/push exports', async () => {
  expect(exportsOf('push')).toMatchInlineSnapshot(`
    [
      "fastifyWebhook",
      "koaHandler",
      "nodeHandler",
      "rotationQueue",
      "rotationWebhook",
    ]
  `);
});

test('@kms-secrets/redis exports', async () => {
  expect(exportsOf('redis')).toMatchInlineSnapshot(`
    [
      "redisStore",
    ]
  `);
});

test('@kms-secrets/testing exports', async () => {
  expect(exportsOf('testing')).toMatchInlineSnapshot(`
    [
      "FakeClock",
      "FakeKms",
      "FakeStore",
      "FakeTransport",
      "fixedSecrets",
      "startAdmin",
      "startFakeEvents",
      "startFakeKms",
      "startFakeMns",
    ]
  `);
});
