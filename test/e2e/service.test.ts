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
interface Service {
  readonly name: string;
  /** Arguments of Node. */
  readonly command: readonly string[];
  /** The exit code after SIGTERM. */
  readonly exitCode: number;
}

/** The built apps that are programs. */
const programs: readonly Service[] = [
  ['express-api', require.resolve('@kms-secrets/express-api/package.json')],
  ['fastify-api', require.resolve('@kms-secrets/fastify-api/package.json')],
  ['nest-api', require.resolve('@kms-secrets/nest-api/package.json')],
].map(([name = '', manifest = '']) => ({ name, command: [join(dirname(manifest), 'dist/main.js')], exitCode: 0 }));

/** The app that runs in Next. */
const web = dirname(require.resolve('@kms-secrets/next-web/package.json'));
const nextWeb: Service = {
  name: 'next-web',
  command: [join(web, 'node_modules/next/dist/bin/next'), 'start', web, '-H', '127.0.0.1'],
  exitCode: 143, // Next always exits with 128 + SIGTERM
};

interface Running {
  readonly child: ChildProcess;
  readonly lines: string[];
  /** Waits for a line that matches; resolves with its first group. */
  readonly line: (pattern: RegExp) => Promise<string>;
}

function start(command: readonly string[], cwd: string): Running {
  const child = spawn(process.execPath, command, {
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
      for (const check of watchers) check();
    });
  }
  const line = (pattern: RegExp): Promise<string> =>
    new Promise((resolve, reject) => {
      const check = (): void => {
        const found = lines.map((text) => pattern.exec(text)?.[1]).find((group) => group !== undefined);
        if (found !== undefined) resolve(found);
      };
      watchers.add(check);
      child.once('exit', (code) => reject(new Error(`The process exited with ${code}:\n${lines.join('\n')}`)));
      check();
    });
  return { child, lines, line };
}

async function stop({ child }: Running): Promise<unknown> {
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  const [code] = (await exited) as [unknown];
  return code;
}

test.each([...programs, nextWeb])(
  '$name reads from fake-kms with the file of the official clients',
  async ({ command, exitCode }) => {
    const directory = await mkdtemp(join(tmpdir(), 'kms-secrets e2e-'));
    onTestFinished(() => rm(directory, { recursive: true, force: true }));
    await writeFile(join(directory, 'secrets.yaml'), 'shop/db: s3cret-shop-db\n');
    const properties = join(directory, 'secretsmanager.properties');

    const kms = start([fakeKms, 'secrets.yaml', '--properties', properties], directory);
    await kms.line(/(ready)/u);
    const api = start(command, directory);
    const url = await api.line(/(http:\/\/\S+)/u);
    const response = await fetch(new URL('/secrets/shop%2Fdb', url));
    const body: unknown = await response.json();
    const missing = await fetch(new URL('/secrets/none', url));
    const error: unknown = await missing.json();

    expect(body).toMatchObject({ name: 'shop/db', stale: false });
    expect([missing.status, error]).toEqual([503, { code: 'ERR_SECRET_NOT_FOUND' }]);
    expect(await stop(api)).toBe(exitCode);
    expect(await stop(kms)).toBe(0);
    expect([...kms.lines, ...api.lines, JSON.stringify(body)].join('\n').includes('s3cret')).toBe(false);
  },
);

// Next keeps running if its app fails to start: see test/next/running-app.test.ts.
test.each(programs)('$name without configuration exits and reports what is missing', async ({ command }) => {
  const directory = await mkdtemp(join(tmpdir(), 'kms-secrets-e2e-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));

  const api = start(command, directory);
  const [code] = (await once(api.child, 'close')) as [unknown];

  expect(code).toBe(1);
  expect(api.lines.join('\n')).toMatch(/endpoints \(option, environment and file\): expected .*got nothing/su);
});
