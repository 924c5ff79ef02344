// The command line as a process: real terminals, signals and pipes.
import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startFakeKms } from '@kms-secrets/testing';
import type { FakeKms } from '@kms-secrets/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';

const command = join(import.meta.dirname, '../../packages/cli/dist/kms-secrets.js');
const folder = mkdtempSync(join(tmpdir(), 'kms-secrets-cli-'));
const out = join(folder, 'out');
let kms: FakeKms;
let env: NodeJS.ProcessEnv;
beforeAll(async () => {
  kms = await startFakeKms();
  kms.put('prod/db', 's3cret-pw');
  kms.put('prod/long', `s3cret-${'x'.repeat(30_000)}`);
  env = {
    PATH: process.env['PATH'],
    HOME: folder,
    OUT: out,
    NODE: process.execPath,
    CLI: command,
    ...kms.environment(),
  };
});
afterAll(async () => {
  await kms.close();
  rmSync(folder, { recursive: true });
});

interface Run {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Runs a line of shell. `while` is called with its process while it runs. */
async function shell(
  line: string,
  during: (child: ReturnType<typeof spawn>) => Promise<void> = async () => {},
): Promise<Run> {
  const child = spawn('bash', ['-c', line], { env, stdio: ['pipe', 'pipe', 'pipe'] });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const ended = new Promise<Run>((resolve) => {
    child.on('close', (code, signal) => resolve({ stdout, stderr, code, signal }));
  });
  await during(child);
  child.stdin.end();
  return ended;
}

/** Runs a line in a terminal of its own. */
const terminal = (line: string): string => `script --quiet --return --command '${line}' /dev/null`;

const until = (check: () => void): Promise<void> => expect.poll(() => attempt(check)).toBe('ok');

function attempt(check: () => void): string {
  try {
    check();
    return 'ok';
  } catch (error) {
    return String(error);
  }
}

const read = (): string => readFileSync(out, 'utf8');

test('a pipe gets the value, and a terminal only with --reveal', async () => {
  const piped = await shell('$NODE $CLI get prod/db');
  const refused = await shell(terminal('$NODE $CLI get prod/db'));
  const revealed = await shell(terminal('$NODE $CLI get prod/db --reveal'));

  expect(piped).toMatchObject({ code: 0, stderr: '' });
  expect(piped.stdout === 's3cret-pw').toBe(true);
  expect(refused.code).toBe(2);
  expect(refused.stdout).toContain('pass --reveal');
  expect(revealed.code).toBe(0);
  expect(revealed.stdout === 's3cret-pw\r\n').toBe(true);
});

test('writes a long value through a pipe, and ends quietly when the reader is gone', async () => {
  const whole = await shell('$NODE $CLI get prod/long | wc -c');
  const cut = await shell('$NODE $CLI get prod/long | head -c 1; exit ${PIPESTATUS[0]}');

  expect(whole.stdout.trim()).toBe('30007');
  expect(cut.stdout).toBe('s');
  expect(cut.stderr).toBe('');
});

test('the program has the terminal, and a Ctrl-C reaches it once', async () => {
  rmSync(out, { force: true });
  const program =
    'test -t 0 && test -t 1 && trap "echo INT >> $OUT" INT; echo ready >> $OUT; sleep 0.3; sleep 0.3; exit 9';
  const outcome = await shell(
    `export PROGRAM='${program}'; ${terminal('exec $NODE $CLI exec --env A=prod/db -- sh -c "$PROGRAM"')}`,
    async (child) => {
      await until(() => expect(read()).toContain('ready'));
      child.stdin?.write('\u0003');
      await until(() => expect(read()).toContain('INT'));
    },
  );

  expect(outcome.code).toBe(9);
  expect(read()).toBe('ready\nINT\n');
});

test('dies with the signal that ended the program, as the program would', async () => {
  const outcome = await shell('$NODE $CLI exec --env A=prod/db -- sh -c \'kill -TERM $$\'; echo "status $?"');

  expect(outcome.stdout).toContain('status 143');
});

test('passes on a SIGTERM, and leaves no process behind', async () => {
  rmSync(out, { force: true });
  const outcome = await shell(
    'exec $NODE $CLI exec --env A=prod/db -- sh -c \'trap "echo TERM >> $OUT; exit 4" TERM; echo $$ > $OUT; while :; do sleep 0.05; done\'',
    async (child) => {
      await until(() => expect(read()).toMatch(/^\d+\n$/u));
      child.kill('SIGTERM');
    },
  );

  expect(outcome.code).toBe(4);
  const [pid = ''] = read().split('\n');
  await expect(promisify(execFile)('kill', ['-0', pid])).rejects.toThrow('No such process');
});

test('a Ctrl-C ends watch, which gives the cursor back', async () => {
  const outcome = await shell(terminal('exec $NODE $CLI watch prod/db'), async (child) => {
    let text = '';
    child.stdout?.on('data', (chunk: Buffer) => (text += chunk.toString()));
    await until(() => expect(text).toContain('fresh'));
    child.stdin?.write('\u0003');
  });

  expect(outcome.code).toBe(0);
  expect(outcome.stdout.trimEnd().endsWith('\u001B[?25h')).toBe(true);
});

test('watch follows a rotation without a terminal, until a SIGTERM', async () => {
  kms.put('prod/watched', 's3cret-first');
  const outcome = await shell('exec env KMS_SECRETS_TTL=1s $NODE $CLI watch prod/watched', async (child) => {
    let text = '';
    child.stdout?.on('data', (chunk: Buffer) => (text += chunk.toString()));
    await until(() => expect(text).toContain('has version'));
    kms.rotate('prod/watched', { value: 's3cret-second' });
    await expect.poll(() => text, { timeout: 10_000 }).toContain('rotated');
    child.kill('SIGTERM');
  });

  expect(outcome.code).toBe(143);
});

test.each(['watch prod/db', 'exec --env A=prod/db -- sleep 60'])(
  '%s ends when its terminal goes away',
  async (line) => {
    rmSync(out, { force: true });
    kms.clearRequests();
    await shell(`exec ${terminal(`echo $$ > $OUT; exec $NODE $CLI ${line}`)}`, async (child) => {
      await until(() => expect(read()).toMatch(/^\d+\n$/u));
      await until(() => expect(kms.requests.length).toBeGreaterThan(0));
      child.kill('SIGKILL');
    });

    const pid = Number(read());
    await until(() => expect(() => process.kill(pid, 0)).toThrow('ESRCH'));
  },
);

test('no value is in the arguments of any process', async () => {
  const line =
    '$NODE $CLI exec --env A=prod/db -- sh -c \'for f in /proc/[0-9]*/cmdline; do tr "\\\\0" " " < $f; echo; done 2>/dev/null\'';
  const { stdout, code } = await shell(line);

  expect(code).toBe(0);
  expect(stdout).toContain('kms-secrets.js exec --env A=prod/db');
  expect(stdout.includes('s3cret')).toBe(false);
});
