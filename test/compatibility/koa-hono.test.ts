import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { bunBinary, denoBinary } from './support/binaries.ts';
import { startCloud } from './support/cloud.ts';
import { freePort } from '../support/free-port.mjs';
import { runProgram } from './support/program.ts';
import { fileIn } from './support/readme.ts';
import { startServer } from './support/server-program.ts';
import { supports } from './support/supports.ts';
import { usersProject } from './support/users-project.ts';
import type { UsersProject } from './support/users-project.ts';

const area = 'Koa and Hono';
const fixtures = join(import.meta.dirname, 'fixtures');
const templateVersions = {
  '@hono/node-server': '2.1.9',
  '@types/node': '26.1.1',
  hono: '4.13.19',
  typescript: '7.0.2',
};

/** The service of the start page of a framework, on the port of the environment. */
function startPage(framework: 'koa' | 'hono'): string {
  return fileIn(`docs/start/${framework}.md`, 'server.js').replace(/\b3000\b/u, 'Number(process.env.PORT)');
}

/** Starts the service of the start page. Fails unless it reads the secret, then its next version, is denied, and ends. */
async function expectServes(project: UsersProject, file: string): Promise<void> {
  await using cloud = await startCloud();
  cloud.kms.put('prod/db', 's3cret-first');
  await using deployment = await cloud.deploy('access key');
  const properties = await readFile(join(deployment.folder, 'secretsmanager.properties'), 'utf8');
  await project.write('secretsmanager.properties', properties);
  const port = await freePort();
  const env = { ...deployment.env, PORT: String(port), KMS_SECRETS_TTL: '1s' };
  await using server = startServer(process.execPath, [file], { cwd: project.directory, env });
  const get = (path = '/'): Promise<Response> => fetch(`http://127.0.0.1:${port}${path}`);
  const version = async (): Promise<unknown> => ((await (await get()).json()) as { version?: unknown }).version;

  await server.eventually(true, async () => (await get('/ready')).ok);
  const first = await version();
  const rotated = cloud.kms.rotate('prod/db', { value: 's3cret-rotated' });
  await server.eventually(rotated, version);
  cloud.kms.deny('prod/db');
  await server.eventually(503, async () => (await get()).status);
  const denied: unknown = await (await get()).json();

  expect(first).not.toBe(rotated);
  expect(denied).toEqual({ code: expect.stringMatching(/^ERR_/u) });
  expect(server.output()).not.toContain('s3cret-');
  const { signal } = await server.stop();
  expect(signal).toBe('SIGTERM');
}

for (const version of ['2.13.0', '2.16.4', '3.3.0']) {
  supports({ area, setting: `Koa ${version}`, versions: `koa ${version}` }, async () => {
    const project = await usersProject(`koa-${version}`, {
      packages: ['koa'],
      dependencies: { koa: version },
      manifest: { type: 'module' },
    });
    await project.write('server.js', startPage('koa'));
    await expectServes(project, 'server.js');
  });
}

for (const [hono, server] of [
  ['4.0.0', '1.0.0'],
  ['4.13.19', '2.1.9'],
] as const) {
  const versions = `hono ${hono}, @hono/node-server ${server}`;
  supports({ area, setting: `Hono ${hono}`, versions }, async () => {
    const project = await usersProject(`hono-${hono}`, {
      packages: ['hono'],
      dependencies: { hono, '@hono/node-server': server, typescript: templateVersions.typescript },
      manifest: { type: 'module' },
    });
    const types = await readFile(join(fixtures, 'typescript/src/app/hono.ts'), 'utf8');
    await project.write('types.ts', types);
    const options = [
      '--noEmit',
      '--strict',
      '--module',
      'nodenext',
      '--target',
      'es2023',
      '--skipLibCheck',
      'types.ts',
    ];
    await project.run(process.execPath, ['node_modules/typescript/bin/tsc', ...options]);
    await project.write('server.js', startPage('hono'));
    await expectServes(project, 'server.js');
  });
}

// create-hono downloads its templates from GitHub, so a copy is in fixtures/hono.
supports({ area, setting: 'create-hono, template nodejs', versions: 'hono 4.13.19, typescript 7.0.2' }, async () => {
  const project = await usersProject('create-hono', {
    packages: ['hono'],
    dependencies: templateVersions,
    manifest: { type: 'module' },
    files: join(fixtures, 'hono'),
  });
  await project.write('src/index.ts', startPage('hono'));
  await project.run(process.execPath, ['node_modules/typescript/bin/tsc']);
  await expectServes(project, 'dist/index.js');
});

/** A project with an app for runtimes that are refused. */
async function refusedProject(name: string): Promise<UsersProject> {
  const project = await usersProject(name, {
    packages: ['hono'],
    dependencies: { ...templateVersions, esbuild: '0.28.2' },
    manifest: { type: 'module' },
  });
  await project.write(
    'worker.js',
    `import { Hono } from 'hono';
     import { secrets } from '@kms-secrets/hono';
     export default new Hono().use(secrets({ endpoints: ['cn-hangzhou'] }));`,
  );
  return project;
}

for (const [setting, conditions] of [
  ['Cloudflare Workers', 'workerd,worker,browser'],
  ['an edge runtime', 'edge-light'],
] as const) {
  const remark = 'refused: the build fails with the reason and what to do';
  supports({ area, setting: `Hono, ${setting}`, versions: 'hono 4.13.19, esbuild 0.28.2', remark }, async () => {
    const project = await refusedProject(`hono-${conditions.replaceAll(',', '-')}`);
    const options = ['worker.js', '--bundle', '--format=esm', `--conditions=${conditions}`, '--outfile=out.js'];
    const { code, output } = await runProgram('node_modules/.bin/esbuild', options, { cwd: project.directory });

    expect(code).toBe(1);
    expect(output).toContain('@kms-secrets/hono runs on Node.js only');
    expect(output).toContain('Serve the app with @hono/node-server');
  });
}

const remark = 'refused: `secrets()` throws with the reason and what to do';
for (const [setting, versions, binary, args] of [
  ['Deno', 'Deno 2.9.6', () => denoBinary('2.9.6'), ['run', '--allow-all', 'worker.js']],
  ['Bun', 'Bun 1.4.5', () => bunBinary('1.4.5'), ['worker.js']],
] as const) {
  supports({ area, setting: `Hono, ${setting}`, versions: `hono 4.13.19, ${versions}`, remark }, async () => {
    const project = await refusedProject(`hono-${setting.toLowerCase()}`);
    const { code, output } = await runProgram(await binary(), args, { cwd: project.directory });

    expect(code).not.toBe(0);
    expect(output).toContain(`this runtime is "${setting.toLowerCase()}"`);
    expect(output).toContain('@hono/node-server');
  });
}
