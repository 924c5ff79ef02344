import { createHash, randomUUID } from 'node:crypto';
import { cp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { freePort } from '../support/free-port.mjs';
import { startCloud } from './support/cloud.ts';
import type { Cloud, Deployment } from './support/cloud.ts';
import { fileIn } from './support/readme.ts';
import { startServer } from './support/server-program.ts';
import type { ServerProgram } from './support/server-program.ts';
import { supports } from './support/supports.ts';
import { usersProject } from './support/users-project.ts';
import type { UsersProject } from './support/users-project.ts';

/** The starter is one of Egg 3. Everything it depends on is pinned; what lints or tests it is left out. */
const majors = {
  'Egg 3': { program: 'egg-scripts', versions: { egg: '3.34.0', 'egg-scripts': '2.17.0' } },
  'Egg 4': { program: 'eggctl', versions: { egg: '4.0.10', '@eggjs/scripts': '4.0.0' } },
};
const workers = 4;

let cloud: Cloud;
let deployment: Deployment;

beforeAll(async () => {
  cloud = await startCloud();
  cloud.kms.put('prod/denied', 's3cret-denied');
  cloud.kms.deny('prod/denied');
  deployment = await cloud.deploy('access key');
});
afterAll(async () => {
  await deployment[Symbol.asyncDispose]();
  await cloud[Symbol.asyncDispose]();
});

/** An app as `npm init egg` generates it, with the code of docs/start/egg.md and two further routes. */
async function eggStarter(name: string, versions: Readonly<Record<string, string>>): Promise<UsersProject> {
  const dependencies = { ...versions, 'create-egg': '3.0.0', 'egg-boilerplate-simple': '3.7.0' };
  const project = await usersProject(name, { packages: ['egg', 'testing'], dependencies });
  // The boilerplate of `--type=simple`. Without `--template`, it is downloaded.
  const options = ['--template=node_modules/egg-boilerplate-simple', '--silent'];
  await project.run('node_modules/.bin/create-egg', ['starter', ...options]);
  for (const folder of ['app', 'config']) {
    await cp(join(project.directory, 'starter', folder), join(project.directory, folder), { recursive: true });
  }
  await rm(join(project.directory, 'starter'), { recursive: true });
  const page = 'docs/start/egg.md';
  const config = await readFile(join(project.directory, 'config/config.default.js'), 'utf8');
  await project.write('config/plugin.js', fileIn(page, 'config/plugin.js'));
  await project.write(
    'config/config.default.js',
    config.replace('  return {', `${fileIn(page, 'config/config.default.js')}\n  return {`),
  );
  await project.write('app/router.js', fileIn(page, 'app/router.js').replace(/\};\n$/u, furtherRoutes));
  await cp(deployment.folder, project.directory, { recursive: true });
  return project;
}

const furtherRoutes = `
  router.get('/digest', async (ctx) => {
    const { password } = ctx.secrets.json('prod/db');
    ctx.body = require('node:crypto').createHash('sha256').update(password).digest('hex').slice(0, 16);
  });
  router.get('/refresh', async (ctx) => {
    ctx.body = (await secrets.refresh('prod/db')).versionId;
  });
  router.get('/denied', async (ctx) => {
    ctx.body = (await ctx.secrets.get('prod/denied')).versionId;
  });
};
`;

/** Puts a new version of `prod/db` into KMS. Returns the digest of its password. */
function putSecret(): string {
  const password = `s3cret-${randomUUID()}`;
  cloud.kms.put('prod/db', JSON.stringify({ user: 'app', password }));
  return createHash('sha256').update(password).digest('hex').slice(0, 16);
}

const requests = (): number => cloud.kms.requests.filter(({ secretName }) => secretName === 'prod/db').length;

/** Each request has a connection of its own: Egg's master gives each connection to the next worker. */
async function read(url: string): Promise<string> {
  const response = await fetch(url, { headers: { connection: 'close' } });
  return response.text();
}

/** Waits until all workers have responded, and every response has `digest`. */
async function everyWorkerHas(server: ServerProgram, url: string, digest: string): Promise<void> {
  const seen = new Set<number>();
  await server.eventually(workers, async () => {
    const { worker } = JSON.parse(await read(url)) as { worker: number };
    seen.add(worker);
    return seen.size;
  });
  await server.eventually(true, async () => {
    const digests = await Promise.all(Array.from({ length: 4 * workers }, () => read(`${url}/digest`)));
    return digests.every((each) => each === digest);
  });
}

async function expectServes(project: UsersProject, program: string): Promise<void> {
  const first = putSecret();
  const requestsBefore = requests();
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const args = [`node_modules/.bin/${program}`, 'start', `--workers=${workers}`, `--port=${port}`];
  await using server = startServer(process.execPath, args, {
    cwd: project.directory,
    // Egg's debug log prints its messages. On a busy machine, a start takes longer than a read may.
    env: { NODE_DEBUG: 'egg*,cluster*,@eggjs*', KMS_SECRETS_DEADLINE: '60s' },
  });

  await server.eventually('200', async () => String((await fetch(`${url}/ready`)).status));
  await everyWorkerHas(server, url, first);
  expect(requests() - requestsBefore).toBe(1);

  const rotated = putSecret();
  await read(`${url}/refresh`);
  await everyWorkerHas(server, url, rotated);
  expect(requests() - requestsBefore).toBe(2);

  const agents = (): readonly string[] =>
    Array.from(server.output().matchAll(/agent_worker#\d+:(\d+) started/gu), ([, pid = '']) => pid);
  process.kill(Number(agents()[0]), 'SIGKILL');
  await server.eventually(2, async () => {
    expect(await read(`${url}/digest`)).toBe(rotated);
    return agents().length;
  });
  const last = putSecret();
  await server.eventually(true, async () => {
    await read(`${url}/refresh`);
    return (await read(`${url}/digest`)) === last;
  });
  await everyWorkerHas(server, url, last);

  const denied = await fetch(`${url}/denied`);
  expect([denied.status, await denied.json()]).toEqual([503, { code: 'ERR_ACCESS_DENIED' }]);
  const { output } = await server.stop();
  expect(output).toContain('kms-secrets:path');
  expect(output).not.toContain('s3cret-');
}

for (const [major, { program, versions }] of Object.entries(majors)) {
  const pinned = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  supports(
    { area: 'Egg', setting: `${major}: npm init egg, ${workers} workers`, versions: pinned.join(', ') },
    async () => {
      await expectServes(await eggStarter(major.toLowerCase().replace(' ', '-'), versions), program);
    },
  );
}
