import { cp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect } from 'vitest';
import { startNext, startStandalone, startStandaloneUntilExit } from '../../next/next-process.ts';
import type { NextProcess } from '../../next/next-process.ts';
import { searchFiles, searchForSecrets, sentinel } from '../../next/sentinel-search.ts';
import { identities, startCloud } from './cloud.ts';
import type { Cloud, Identity } from './cloud.ts';
import { NextStarter, nextEnvironment, testRunners } from './next-starter.ts';
import type { Bundler, NextRelease, Router, StandaloneApp } from './next-starter.ts';
import { runProgram } from './program.ts';
import { supports } from './supports.ts';
import type { UsersProject } from './users-project.ts';

/** The pages and routes of fixtures/nextjs that read `prod/db`; most are blocks of the README. */
const readers: Readonly<Record<Router, readonly string[]>> = {
  'App Router': ['/', '/read/prod%2Fdb', '/orders', '/api/orders'],
  'Pages Router': ['/orders', '/api/orders'],
};
const deniedRoutes: Readonly<Record<Router, readonly string[]>> = {
  'App Router': ['/read/prod%2Fdb-denied', '/api/denied'],
  'Pages Router': ['/api/denied'],
};

interface NextSetting {
  readonly router: Router;
  readonly bundler: Bundler;
}

const settings: readonly NextSetting[] = [
  { router: 'App Router', bundler: 'Turbopack' },
  { router: 'App Router', bundler: 'webpack' },
  { router: 'Pages Router', bundler: 'Turbopack' },
];

/** Defines the rows of a version of Next: each app is built once, and its servers run side by side. */
export function nextRows(release: NextRelease): void {
  const name = `create-next-app ${release.major}`;
  const versions = `create-next-app ${release.starter}, next ${release.starter}`;
  const builds = new Map<NextSetting, Promise<StandaloneApp>>();
  let starter: NextStarter;
  beforeAll(async () => {
    starter = await NextStarter.install(release);
  });
  afterAll(async () => {
    for (const app of await Promise.allSettled(builds.values())) {
      if (app.status === 'fulfilled') await app.value[Symbol.asyncDispose]();
    }
  });
  const builtApp = (setting: NextSetting): Promise<StandaloneApp> => {
    const built = builds.get(setting) ?? starter.open(setting.router).then(() => starter.build(setting.bundler));
    builds.set(setting, built);
    return built;
  };

  for (const setting of settings) {
    const { router, bundler } = setting;
    supports({ area: 'Next.js', setting: `${name}, ${router}, ${bundler}, standalone`, versions }, async () => {
      const app = await builtApp(setting);
      // The server is moved away from node_modules, and must not read our packages there.
      const ours = join(starter.project.directory, 'node_modules/@kms-secrets');
      expect((await searchFiles(app.directory, ours)).found).toEqual([]);
      await Promise.all(identities.map((identity) => expectServes(app, router, identity)));
      expect((await searchForSecrets(app.directory)).found).toEqual([]);
    });
  }

  supports(
    {
      area: 'Next.js',
      setting: `${name}, KMS unavailable during the start`,
      versions,
      remark: 'requests wait for KMS; after `readyTimeout` (30 s) the server exits with code 1',
    },
    async () => {
      const apps: StandaloneApp[] = [];
      for (const setting of settings) apps.push(await builtApp(setting));
      await Promise.all(apps.map(expectRecovery));
      await Promise.all(apps.map(expectExit));
    },
  );

  supports({ area: 'Next.js', setting: `${name}, next dev`, versions }, async () => {
    await starter.open('App Router');
    await using cloud = await startCloud();
    const secret = cloud.createSecret('prod/db');
    await using deployment = await cloud.deploy('access key');
    await cp(deployment.folder, starter.project.directory, { recursive: true });
    await using next = await startNext(starter.project.directory, starter.devCommand, {
      ...nextEnvironment,
      ...deployment.env,
    });

    for (const path of readers['App Router']) {
      expect(`${path} ${await text(next, path)}`).toContain(`order ${secret.firstDigest}`);
    }

    expect(cloud.kms.requests.filter(({ secretName }) => secretName === 'prod/db')).toHaveLength(1);
    expect(next.output()).not.toContain(sentinel);
  });

  unitTestRows(release, () => starter);
}

/** Tests of a page, a route and `getServerSideProps`, as the README describes them. */
function unitTestRows({ major, starter: version }: NextRelease, starter: () => NextStarter): void {
  const row = (runner: string, runnerVersion = '') => ({
    area: 'Next.js' as const,
    setting: `unit tests of Next ${major}, ${runner}`,
    versions: `next ${version}${runnerVersion}`,
  });

  supports(row('Vitest', `, vitest ${testRunners.vitest}`), async () => {
    const { project } = await withUnitTests(starter());
    for (const environment of ['node', 'jsdom']) {
      const { output } = await project.run('node_modules/.bin/vitest', ['run', '--environment', environment]);
      expect(output).toMatch(/Tests {2}3 passed/u);
    }
  });

  const jest = {
    ...row('Jest with next/jest', `, jest ${testRunners.jest}`),
    remark: 'set `transformIgnorePatterns`; in jsdom, begin the test with `@jest-environment node`',
  };
  supports(jest, async () => {
    const { project } = await withUnitTests(starter());
    for (const [environment, comment] of [
      ['node', ''],
      ['jsdom', '/** @jest-environment node */\n'],
    ] as const) {
      await rewriteTests(project, (source) => comment + source.replace("from 'vitest'", "from '@jest/globals'"));
      const { output } = await project.run('node_modules/.bin/jest', ['--env', environment]);
      expect(output).toMatch(/Tests: +3 passed, 3 total/u);
    }
    // Without the setting, Jest names it.
    const config = JSON.stringify({
      testEnvironment: 'node',
      transform: { '[.]tsx?$': 'next/dist/build/swc/jest-transformer' },
    });
    const unset = await runProgram('node_modules/.bin/jest', ['--config', config], { cwd: project.directory });
    expect(unset.output).toContain('it to be transformed by adjusting "transformIgnorePatterns"');
    expect(unset.output).not.toContain('needs Node.js');
  });

  supports(row('node:test'), async () => {
    const { project } = await withUnitTests(starter());
    await cp(join(import.meta.dirname, '../../next/fixtures/unit-test'), join(project.directory, 'plain'), {
      recursive: true,
    });
    await project.write('plain/package.json', '{ "type": "module" }');
    const { output } = await project.run(process.execPath, ['--test', 'plain/route.test.js']);
    expect(output).toMatch(/^# pass 1$|ℹ pass 1/mu);
  });
}

async function withUnitTests(starter: NextStarter): Promise<NextStarter> {
  await starter.open('App Router');
  await starter.addUnitTests();
  return starter;
}

async function rewriteTests(project: UsersProject, rewrite: (source: string) => string): Promise<void> {
  for (const path of ['app/page.test.tsx', 'app/orders/route.test.ts', 'test/orders.test.ts']) {
    await project.write(path, rewrite(await readFile(join(project.directory, path), 'utf8')));
  }
}

interface Deployed extends AsyncDisposable {
  readonly cloud: Cloud;
  readonly env: Readonly<Record<string, string>>;
}

/** A cloud of its own, so that servers side by side can have the same secret `prod/db`. */
async function deploy(app: StandaloneApp, identity: Identity): Promise<Deployed> {
  const cloud = await startCloud();
  const deployment = await cloud.deploy(identity);
  const file = join(deployment.folder, 'secretsmanager.properties');
  // The README names both places: beside `server.js`, and in this variable.
  const isBesideServer = identity === 'access key';
  if (isBesideServer) await cp(file, join(app.directory, 'secretsmanager.properties'));
  return {
    cloud,
    env: { ...deployment.env, ...(!isBesideServer && { KMS_SECRETS_CONFIG_FILE: file }) },
    [Symbol.asyncDispose]: async () => {
      await deployment[Symbol.asyncDispose]();
      await cloud[Symbol.asyncDispose]();
    },
  };
}

/** Fails unless a server reads the secret, then its rotated version, and is denied the other secret. */
async function expectServes(app: StandaloneApp, router: Router, identity: Identity): Promise<void> {
  await using deployed = await deploy(app, identity);
  const secret = deployed.cloud.createSecret('prod/db');
  await using next = await startStandalone(app.directory, { ...deployed.env, KMS_SECRETS_TTL: '1s' });

  for (const path of readers[router]) {
    expect(`${identity} ${path} ${await text(next, path)}`).toContain(`order ${secret.firstDigest}`);
  }
  secret.rotate();
  for (const path of readers[router]) {
    await expect
      .poll(() => text(next, path), { timeout: 30_000, interval: 200, message: `${identity} ${path}` })
      .toContain(`order ${secret.rotatedDigest}`);
  }

  for (const path of deniedRoutes[router]) {
    const denied = await fetch(`${next.url}${path}`);
    expect([path, denied.status, await denied.json()]).toEqual([path, 503, { code: 'ERR_ACCESS_DENIED' }]);
  }
  if (router === 'App Router') {
    expect(await text(next, '/', { RSC: '1' })).toContain(`order ${secret.rotatedDigest}`);
    expect(await text(next, '/health')).toContain('"ok"');
    await text(next, '/denied');
    expect(next.output()).toContain('prod/db-denied');
    await submitOrder(next);
    expect(next.output()).toContain(`saved order ${secret.rotatedDigest} of Ada`);
  }
  await next.stop();
  expect(next.output()).not.toContain(sentinel);
}

/** The text of a response. Throws if it contains the value of a secret. */
async function text(next: NextProcess, path: string, headers: Readonly<Record<string, string>> = {}): Promise<string> {
  const response = await fetch(`${next.url}${path}`, { headers });
  const body = await response.text();
  if (body.includes(sentinel)) throw new Error(`The response to ${path} contains a secret value.`);
  return `${response.status} ${body}`;
}

/** Submits the form of `/order`, as a browser without JavaScript does. */
async function submitOrder(next: NextProcess): Promise<void> {
  const [, action = ''] = /name="(\$ACTION_ID_[0-9a-f]+)"/u.exec(await text(next, '/order')) ?? [];
  const body = new FormData();
  body.set(action, '');
  body.set('customer', 'Ada');
  const response = await fetch(`${next.url}/order`, { method: 'POST', body });
  expect(await response.text()).not.toContain(sentinel);
}

/** Fails unless requests of a server that starts without KMS are served once KMS is back. */
async function expectRecovery(app: StandaloneApp): Promise<void> {
  await using deployed = await deploy(app, 'client key');
  const { kms } = deployed.cloud;
  const secret = deployed.cloud.createSecret('prod/db');
  await kms.stop('cn-hangzhou');
  await using next = await startStandalone(app.directory, deployed.env);
  const duringOutage = fetch(`${next.url}/orders`);
  await sleep(3_000);
  await kms.start('cn-hangzhou');

  expect((await duringOutage).status).toBe(200);
  expect(await text(next, '/orders')).toContain(`order ${secret.firstDigest}`);
}

/** Fails unless a server that starts without KMS exits after `readyTimeout`, so that its supervisor starts it again. */
async function expectExit(app: StandaloneApp): Promise<void> {
  await using deployed = await deploy(app, 'client key');
  deployed.cloud.createSecret('prod/db');
  await deployed.cloud.kms.stop('cn-hangzhou');

  const env = { ...deployed.env, KMS_SECRETS_READY_TIMEOUT: '2s' };
  const { code, output } = await startStandaloneUntilExit(app.directory, env);

  expect(output).toMatch(/The server cannot start without its secrets, and exits with code 1\..*prod\/db/su);
  expect(code).toBe(1);
}
