import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startFakeKms } from '@kms-secrets/testing';
import type { FakeKms } from '@kms-secrets/testing';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { clockAhead, runCli, TestHost } from '../test-host.fixture.ts';

let kms: FakeKms;
const folder = mkdtempSync(join(tmpdir(), 'kms-secrets-exec-'));
const out = join(folder, 'out');
beforeAll(async () => {
  kms = await startFakeKms();
  kms.put('prod/db', JSON.stringify({ user: 'app', password: 's3cret-pw' }));
  kms.put('prod/tls', 's3cret-line 1\ns3cret-line 2\n');
  kms.put('prod/nul', 's3cret-\0nul');
  kms.put('prod/cert', Buffer.from('s3cret-binary').toString('base64'), { dataType: 'binary' });
  kms.put('prod/short', 'yes');
});
afterAll(async () => {
  await kms.close();
  rmSync(folder, { recursive: true });
});

/** Runs a shell script as the program, with `$OUT` as the path of a file for its results. */
function exec(options: readonly string[], script: string): ReturnType<typeof runCli> {
  return runCli(kms, ['exec', ...options, '--', 'sh', '-c', script], { environment: { OUT: out } });
}

const read = (): string => readFileSync(out, 'utf8');
const until = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: 30_000, interval: 20 });

/** Kills the program whose script has written its process id to a file beside `$OUT`. */
const killProgram = (): void => void process.kill(Number(readFileSync(`${out}.pid`, 'utf8')), 'SIGKILL');

test('puts values into the environment, with their line breaks', async () => {
  const { code, stderr } = await exec(
    ['--env', 'PW=prod/db:password', '-e', 'TLS=prod/tls'],
    'printf "%s|%s" "$PW" "$TLS" > "$OUT"',
  );

  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(read() === 's3cret-pw|s3cret-line 1\ns3cret-line 2\n').toBe(true);
});

test('opens file descriptors, which can be opened again by their path', async () => {
  const { code } = await exec(
    ['--fd', '3=prod/tls', '--fd', '5=prod/nul'],
    'cat <&3 > "$OUT"; cat /dev/fd/3 /dev/fd/5 >> "$OUT"; test ! -e /dev/fd/4',
  );

  expect(code).toBe(0);
  const tls = 's3cret-line 1\ns3cret-line 2\n';
  expect(read() === `${tls}${tls}s3cret-\0nul`).toBe(true);
});

test('puts no value into the arguments', async () => {
  await exec(['--env', 'PW=prod/db:password'], 'tr "\\0" " " < /proc/self/cmdline > "$OUT"');

  expect(read().includes('s3cret')).toBe(false);
});

test.each([
  [
    'a NUL byte',
    ['--env', 'A=prod/nul'],
    'The variable A cannot hold secret "prod/nul": it contains a NUL byte. Use --fd.',
  ],
  ['a missing property', ['--env', 'A=prod/db:nope'], 'has no property "nope"'],
  ['a missing secret', ['--fd', '3=prod/nope'], 'prod/nope'],
  ['no secret', [], 'needs a secret'],
  ['a wrong duration', ['--env', 'A=prod/db', '--stop-timeout', 'soon'], '--stop-timeout must be a duration'],
])('does not start the program for %s', async (_, options, message) => {
  writeFileSync(out, 'untouched');
  const { code, stderr } = await exec(options, 'echo started > "$OUT"');

  expect(code).toBe(125);
  expect(stderr).toContain(message);
  expect(stderr.includes('s3cret')).toBe(false);
  expect(read()).toBe('untouched');
});

test.each([
  ['without a command', ['exec', '--env', 'A=prod/db'], 'needs a command after --'],
  ['with a command without --', ['exec', '--env', 'A=prod/db', 'sh'], 'Put the command after --.'],
  ['with an unknown option', ['exec', '--evn', 'A=prod/db', '--', 'sh'], 'did you mean "--env"?'],
])('is a usage error %s', async (_, argv, message) => {
  const { code, stderr } = await runCli(kms, argv);

  expect(code).toBe(125);
  expect(stderr).toContain(message);
});

test.each([
  ['does not exist', '/nonexistent/program', 127, 'does not exist'],
  ['may not be executed', '/etc/passwd', 126, 'may not be executed (EACCES)'],
  ['is a folder', '/tmp', 126, 'may not be executed (EACCES)'],
])('reports a program that %s', async (...[, program, code, message]) => {
  const outcome = await runCli(kms, ['exec', '--env', 'A=prod/db', '--', program]);

  expect(outcome.code).toBe(code);
  expect(outcome.stderr).toContain(message);
});

test('reports an environment that is too large', async () => {
  kms.put('prod/large', `s3cret-${'x'.repeat(30_000)}`);
  const options = Array.from({ length: 100 }, (_, index) => ['--env', `A${index}=prod/large`]).flat();
  const { code, stderr } = await runCli(kms, ['exec', ...options, '--', 'true'], {
    environment: Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`FILL${index}`, 'x'.repeat(120_000)])),
  });

  expect(code).toBe(126);
  expect(stderr).toContain('Pass large values with --fd.');
});

test('returns the exit code of the program', async () => {
  expect((await exec(['--env', 'A=prod/db'], 'exit 7')).code).toBe(7);
});

test('ends with the signal that ended the program', async () => {
  const host = new TestHost({ environment: kms.environment() });
  const { code } = await host.run('exec', '--env', 'A=prod/db', '--', 'sh', '-c', 'kill -KILL $$');

  expect({ code, raised: host.raised }).toEqual({ code: 137, raised: ['SIGKILL'] });
});

test('leaves no core dump of itself, which would contain the values', async () => {
  const host = new TestHost({ environment: kms.environment() });
  const { code } = await host.run('exec', '--env', 'A=prod/db', '--', 'sh', '-c', 'ulimit -c 0; kill -QUIT $$');

  expect({ code, raised: host.raised }).toEqual({ code: 131, raised: [] });
});

describe('signals', () => {
  async function start(
    script: string,
    isTerminal = false,
  ): Promise<{ host: TestHost; ended: ReturnType<typeof runCli> }> {
    rmSync(out, { force: true });
    const host = new TestHost({ environment: { ...kms.environment(), OUT: out }, isTerminal });
    const ended = host.run('exec', '--env', 'A=prod/db', '--', 'sh', '-c', script);
    await until(() => expect(read()).toContain('ready'));
    return { host, ended };
  }

  const reports = (...signals: readonly string[]): string =>
    `${signals.map((signal) => `trap 'echo ${signal} >> "$OUT"' ${signal};`).join(' ')} echo $$ > "$OUT.pid"; echo ready > "$OUT"; while :; do sleep 0.02; done`;

  test.each(['HUP', 'USR1', 'USR2', 'WINCH', 'QUIT', 'INT', 'TERM'])('forwards SIG%s', async (signal) => {
    const { host, ended } = await start(reports(signal));
    expect(host.deliver(`SIG${signal}`)).toBe(true);
    await until(() => expect(read()).toContain(signal));
    // The program ignores it, and is waited for.
    host.deliver('SIGKILL');
    killProgram();
    expect((await ended).code).toBe(137);
  });

  test('does not forward the SIGINT of a terminal, which the program has', async () => {
    const { host, ended } = await start(reports('INT', 'TERM'), true);
    expect(host.deliver('SIGINT')).toBe(true);
    host.deliver('SIGTERM');
    await until(() => expect(read()).toContain('TERM'));

    expect(read()).toBe('ready\nTERM\n');
    killProgram();
    await ended;
  });

  test('handles no signal after the program has ended', async () => {
    const { host, ended } = await start('echo ready > "$OUT"; read _ < /dev/null; exit 3');
    expect((await ended).code).toBe(3);

    expect(host.deliver('SIGTERM')).toBe(false);
  });
});

describe('--mask', () => {
  test('masks the output of the program', async () => {
    const { code, stdout, stderr } = await exec(
      ['--env', 'PW=prod/db:password', '--env', 'TLS=prod/tls', '--mask'],
      'printf "pw=%s" "$PW" | cut -c1-7 | tr -d "\\n"; sleep 0.05; echo "$PW" | cut -c5-; echo "$TLS" >&2; echo end',
    );

    expect(code).toBe(0);
    expect(stdout).toBe('pw=***\nend\n');
    expect(stderr).toBe('***\n');
  });

  test('warns of a value that is too short', async () => {
    const { stdout, stderr } = await exec(['--env', 'A=prod/short', '--mask'], 'echo "$A"');

    expect(stdout).toBe('yes\n');
    expect(stderr).toContain('The value for the variable A is too short to be masked.');
  });

  test('does not wait for a process that the program left behind', async () => {
    const { code, stdout } = await exec(['--env', 'A=prod/db', '--mask'], 'sleep 20 & echo out; exit 4');

    expect({ code, stdout }).toEqual({ code: 4, stdout: 'out\n' });
  });
});

describe('--restart-on-rotation', () => {
  const environment = { KMS_SECRETS_TTL: '1s', OUT: out };
  const options = ['--restart-on-rotation', '--env', 'PW=prod/rotating:password'];
  const put = (password: string, extra = ''): void =>
    void kms.put('prod/rotating', JSON.stringify({ password, extra }));

  function start(script: string, ...more: readonly string[]): { host: TestHost; ended: ReturnType<typeof runCli> } {
    rmSync(out, { force: true });
    const host = new TestHost({ environment: { ...kms.environment(), ...environment } });
    return { host, ended: host.run('exec', ...options, ...more, '--', 'sh', '-c', script) };
  }

  test('restarts the program with the new value', async () => {
    put('s3cret-1');
    const { host, ended } = start('echo "$PW" >> "$OUT"; exec sleep 30');
    await until(() => expect(read() === 's3cret-1\n').toBe(true));

    put('s3cret-2');
    await until(() => expect(read() === 's3cret-1\ns3cret-2\n').toBe(true));

    expect(host.stderr.text).toMatch(/^kms-secrets: Restarting sh: "prod\/rotating" has version \S+\.\n$/u);
    host.deliver('SIGTERM');
    expect((await ended).code).toBe(143);
  });

  test('kills a program that ignores SIGTERM, after --stop-timeout', async () => {
    put('s3cret-1');
    const script = `trap '' TERM; echo $$ > "$OUT.pid"; echo "$PW" >> "$OUT"; while :; do sleep 0.02; done`;
    const { host, ended } = start(script, '--stop-timeout', '50ms');
    await until(() => expect(read() === 's3cret-1\n').toBe(true));

    put('s3cret-2');
    await until(() => expect(read() === 's3cret-1\ns3cret-2\n').toBe(true));

    host.deliver('SIGTERM'); // ignored, as without this command
    killProgram();
    expect((await ended).code).toBe(137);
  });

  test('a rotation that changes no value of the program restarts nothing, nor does one without it', async () => {
    put('s3cret-1');
    const { host, ended } = start('echo "$PW" >> "$OUT"; exec sleep 30');
    await until(() => expect(read() === 's3cret-1\n').toBe(true));

    put('s3cret-1', 'changed');
    kms.put('prod/rotating', '{}');
    await until(() => expect(host.stderr.text).toContain('has no property "password"'));

    expect(read() === 's3cret-1\n').toBe(true);
    host.deliver('SIGTERM');
    await ended;
  });

  test('ends when the program ends by itself', async () => {
    put('s3cret-1');

    expect((await start('exit 5').ended).code).toBe(5);
  });
});

test('starts from a store while KMS is unavailable', async () => {
  const environment = {
    KMS_SECRETS_CLI_STORE: join(folder, 'secrets'),
    KMS_SECRETS_CLI_STORE_KEY: randomBytes(32).toString('hex'),
    OUT: out,
  };
  const argv = ['exec', '--env', 'PW=prod/db:password', '--timeout', '500ms', '--', 'sh', '-c', 'echo "$PW" > "$OUT"'];
  expect(await runCli(kms, argv, { environment })).toMatchObject({ code: 0, stderr: '' });
  const fault = kms.fault({ kind: 'reset' });
  rmSync(out);

  const clock = clockAhead(7_200_000);
  const { code, stderr } = await runCli(kms, argv, { environment, clock });
  fault.heal();

  expect(code).toBe(0);
  expect(stderr).toContain('using the stored version');
  expect(read() === 's3cret-pw\n').toBe(true);
});
