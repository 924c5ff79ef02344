import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, onTestFinished, test } from 'vitest';

const require = createRequire(import.meta.url);
const fakeKms = join(dirname(require.resolve('@kms-secrets/testing/package.json')), 'dist/cli/fake-kms.js');
/** Every app that is a service of its own, as it is built. */
const services = [
  ['express-api', require.resolve('@kms-secrets/express-api/package.json')],
  ['fastify-api', require.resolve('@kms-secrets/fastify-api/package.json')],
  ['nest-api', require.resolve('@kms-secrets/nest-api/package.json')],
].map(([name = '', manifest = '']) => [name, join(dirname(manifest), 'dist/main.js')] as const);

interface Running {
  readonly child: ChildProcess;
  readonly lines: string[];
  /** The first group of the first line that fits. */
  readonly line: (pattern: RegExp) => Promise<string>;
}

function start(program: string, args: readonly string[], cwd: string): Running {
  const child = spawn(process.execPath, [program, ...args], {
    cwd,
    env: { PATH: process.env['PATH'] ?? '', TMPDIR: cwd, PORT: '0' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const lines: string[] = [];
  const watchers = new Set<() => void>();
  for (const input of [child.stdout, child.stderr]) {
    createInterface({ input }).on('line', (line) => {
      lines.push(line);
      for (const look of watchers) look();
    });
  }
  const line = (pattern: RegExp): Promise<string> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const found = lines.map((text) => pattern.exec(text)?.[1]).find((group) => group !== undefined);
        if (found !== undefined) resolve(found);
      };
      watchers.add(look);
      child.once('exit', (code) => reject(new Error(`it ended with ${code}:\n${lines.join('\n')}`)));
      look();
    });
  return { child, lines, line };
}

async function stop({ child }: Running): Promise<unknown> {
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  const [code] = (await exited) as [unknown];
  return code;
}

test.each(services)(
  '%s, configured by the file of the official clients, reads from the command fake-kms, both as processes',
  async (_, service) => {
    const directory = await mkdtemp(join(tmpdir(), 'kms-secrets e2e-'));
    onTestFinished(() => rm(directory, { recursive: true, force: true }));
    await writeFile(join(directory, 'secrets.yaml'), 'shop/db: s3cret-shop-db\n');
    const properties = join(directory, 'secretsmanager.properties');

    const kms = start(fakeKms, ['secrets.yaml', '--properties', properties], directory);
    await kms.line(/(ready)/u);
    const api = start(service, [], directory);
    const url = await api.line(/(http:\/\/\S+)/u);
    const answer = await fetch(new URL('/secrets/shop%2Fdb', url));
    const body: unknown = await answer.json();
    const missing = await fetch(new URL('/secrets/none', url));
    const error: unknown = await missing.json();

    expect(body).toMatchObject({ name: 'shop/db', stale: false });
    expect([missing.status, error]).toEqual([503, { code: 'ERR_SECRET_NOT_FOUND' }]);
    expect(await stop(api)).toBe(0);
    expect(await stop(kms)).toBe(0);
    expect([...kms.lines, ...api.lines, JSON.stringify(body)].join('\n').includes('s3cret')).toBe(false);
  },
);

test.each(services)('%s without configuration ends at once, and says what is missing', async (_, service) => {
  const directory = await mkdtemp(join(tmpdir(), 'kms-secrets-e2e-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));

  const api = start(service, [], directory);
  const [code] = (await once(api.child, 'close')) as [unknown];

  expect(code).toBe(1);
  expect(api.lines.join('\n')).toMatch(/endpoints \(option, environment and file\): expected .*got nothing/su);
});
