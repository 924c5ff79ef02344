import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { onTestFinished } from 'vitest';

const require = createRequire(import.meta.url);
/** The program of the fake KMS. */
export const fakeKms = join(dirname(require.resolve('@kms-secrets/testing/package.json')), 'dist/cli/fake-kms.js');

interface Manifest {
  readonly scripts: { readonly start: string };
}

export interface Service {
  readonly name: string;
  /** Arguments of Node. */
  readonly command: readonly string[];
  /** The exit code after SIGTERM. */
  readonly exitCode: number;
}

/** The built apps that are programs. */
export const programs: readonly Service[] = [
  ['egg-api', require.resolve('@kms-secrets/egg-api/package.json')],
  ['express-api', require.resolve('@kms-secrets/express-api/package.json')],
  ['fastify-api', require.resolve('@kms-secrets/fastify-api/package.json')],
  ['hono-api', require.resolve('@kms-secrets/hono-api/package.json')],
  ['koa-api', require.resolve('@kms-secrets/koa-api/package.json')],
  ['midway-api', require.resolve('@kms-secrets/midway-api/package.json')],
  ['nest-api', require.resolve('@kms-secrets/nest-api/package.json')],
].map(([name = '', manifest = '']) => ({ name, command: [join(dirname(manifest), 'dist/main.js')], exitCode: 0 }));

/** The app that runs in Next. */
const web = dirname(require.resolve('@kms-secrets/next-web/package.json'));
/** What follows `next start` in its manifest. */
const [, startFlags = ''] = (require('@kms-secrets/next-web/package.json') as Manifest).scripts.start.split(
  'next start ',
);
export const nextWeb: Service = {
  name: 'next-web',
  command: [join(web, 'node_modules/next/dist/bin/next'), 'start', web, ...startFlags.split(' ')],
  exitCode: 143, // Next always exits with 128 + SIGTERM
};

export interface Running {
  readonly child: ChildProcess;
  readonly lines: string[];
  /** Waits for a line that matches; resolves with its first group. */
  readonly line: (pattern: RegExp) => Promise<string>;
}

/** Starts a Node program, which is killed at the end of the test at the latest. */
export function start(command: readonly string[], cwd: string, shutdownDelay = 0): Running {
  const child = spawn(process.execPath, command, {
    cwd,
    env: { PATH: process.env['PATH'] ?? '', TMPDIR: cwd, PORT: '0', SHUTDOWN_DELAY_MS: String(shutdownDelay) },
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
      const giveUp = (): void => reject(new Error(`No line matches ${pattern}:\n${lines.join('\n')}`));
      setTimeout(giveUp, 100_000).unref(); // before the limit of the test, which shows no lines
      child.once('exit', (code) => reject(new Error(`The process exited with ${code}:\n${lines.join('\n')}`)));
      check();
    });
  return { child, lines, line };
}

/** Sends SIGTERM, and resolves to the exit code. */
export async function stop({ child }: Running): Promise<unknown> {
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  const [code] = (await exited) as [unknown];
  return code;
}
