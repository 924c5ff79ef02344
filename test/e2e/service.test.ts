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
const folderOf = (app: string): string => dirname(require.resolve(`@kms-secrets/${app}/package.json`));

interface Service {
  readonly name: string;
  /** What Node is given to run. */
  readonly command: readonly string[];
  /** Its exit code when it is asked to end. */
  readonly end: number;
}

/** The apps that are programs of their own, as they are built. */
const programs: readonly Service[] = ['express-api', 'fastify-api', 'nest-api'].map((name) => ({
  name,
  command: [join(folderOf(name), 'dist/main.js')],
  end: 0,
}));

/** The app that Next runs. */
const nextWeb: Service = {
  name: 'next-web',
  command: [
    join(folderOf('next-web'), 'node_modules/next/dist/bin/next'),
    'start',
    folderOf('next-web'),
    '-H',
    '127.0.0.1',
  ],
  end: 143, // Next's own, also when all is well: 128 and the number of SIGTERM
};

interface Running {
  readonly child: ChildProcess;
  readonly lines: string[];
  /** The first group of the first line that fits. */
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

test.each([...programs, nextWeb])(
  '$name, configured by the file of the official clients, reads from the command fake-kms, both as processes',
  async ({ command, end }) => {
    const directory = await mkdtemp(join(tmpdir(), 'kms-secrets e2e-'));
    onTestFinished(() => rm(directory, { recursive: true, force: true }));
    await writeFile(join(directory, 'secrets.yaml'), 'shop/db: s3cret-shop-db\n');
    const properties = join(directory, 'secretsmanager.properties');

    const kms = start([fakeKms, 'secrets.yaml', '--properties', properties], directory);
    await kms.line(/(ready)/u);
    const api = start(command, directory);
    const url = await api.line(/(http:\/\/\S+)/u);
    const answer = await fetch(new URL('/secrets/shop%2Fdb', url));
    const body: unknown = await answer.json();
    const missing = await fetch(new URL('/secrets/none', url));
    const error: unknown = await missing.json();

    expect(body).toMatchObject({ name: 'shop/db', stale: false });
    expect([missing.status, error]).toEqual([503, { code: 'ERR_SECRET_NOT_FOUND' }]);
    expect(await stop(api)).toBe(end);
    expect(await stop(kms)).toBe(0);
    expect([...kms.lines, ...api.lines, JSON.stringify(body)].join('\n').includes('s3cret')).toBe(false);
  },
);

// Next goes on without its app: test/next/running-app.test.ts has what it answers then.
test.each(programs)('$name without configuration ends at once, and says what is missing', async ({ command }) => {
  const directory = await mkdtemp(join(tmpdir(), 'kms-secrets-e2e-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));

  const api = start(command, directory);
  const [code] = (await once(api.child, 'close')) as [unknown];

  expect(code).toBe(1);
  expect(api.lines.join('\n')).toMatch(/endpoints \(option, environment and file\): expected .*got nothing/su);
});
