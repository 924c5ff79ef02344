import { execFileSync } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { createSecretClient } from '@kms-secrets/core';
import { afterAll, expect, onTestFinished, test, vi } from 'vitest';

import { main } from './main.ts';
import { run as runProcess } from './run.ts';

const directory = mkdtempSync(join(tmpdir(), 'fake-kms-cli-'));

afterAll(() => {
  rmSync(directory, { recursive: true });
});

test('prints the settings and a ready line, and no value', async () => {
  const command = serve('prod/db: s3cret-one\nprod/more: { value: s3cret-two, dataType: binary, versionId: v1 }\n');

  const { code, stdout, stderr } = await command.untilReadyThenStop();

  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(/^# fake-kms is ready: 2 secrets at https:\/\/127\.0\.0\.1:\d+\/$/m);
  expect(stdout).toContain("export credentials_type='ak'\n");
  expect(stdout).toMatch(/^export KMS_SECRETS_CONFIG_FILE='.+secretsmanager\.properties'$/m);
  expect(stdout.includes('s3cret-')).toBe(false);
});

test('prints settings that a shell can execute', async () => {
  const { stdout } = await serve('prod/db: s3cret-one').untilReadyThenStop();

  const printed = execFileSync('sh', ['-c', `${stdout}\nprintf %s "$cache_client_region_id"`], { encoding: 'utf8' });

  expect(JSON.parse(printed)).toMatchObject([
    { regionId: 'cn-hangzhou', endpoint: expect.stringMatching(/^127\.0\.0\.1:\d+$/) },
  ]);
});

test('sends events to a URL, a callback and a queue', async () => {
  const { url, paths } = await startReceiver();
  const targets = ['--events-to', `${url}/events`, '--events-token', 'token-1', '--callbacks-to', `${url}/cb/token-2`];
  const command = serve('prod/db: s3cret-one', [...targets, '--events-queue', 'q', '--admin'], async (ready) => {
    const [, admin = ''] = /FAKE_KMS_ADMIN='([^']+)'/u.exec(ready) ?? [];
    const headers = { 'content-type': 'application/json' };
    await fetch(`${admin}/rotate`, { method: 'POST', body: '{"name":"prod/db"}', headers });
  });

  const { code, stdout, stderr } = await command.untilReadyThenStop();

  expect([code, stderr]).toEqual([0, '']);
  expect(paths.toSorted()).toEqual(['/cb/token-2', '/events']);
  expect(stdout).toMatch(/^# Signed events: certificates at http:\/\/127\.0\.0\.1:\d+$/m);
  expect(stdout).toMatch(/^# MNS: queue q at http:\/\/127\.0\.0\.1:\d+$/m);
  expect(stdout).not.toMatch(/token-[12]/u);
});

/** A server that records the paths of its requests. */
async function startReceiver(): Promise<{ readonly url: string; readonly paths: string[] }> {
  const paths: string[] = [];
  const server = createServer((request, response) => {
    paths.push(request.url ?? '');
    request.resume();
    response.writeHead(204).end();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, paths };
}

test.each([
  [['--events-to', 'shop'], '--events-to must be a URL'],
  [['--callbacks-to', 'ftp://a/s3cret-token'], '--callbacks-to must be a URL'],
  [['--events-token', 's3cret-token'], '--events-token needs --events-to'],
  [['--events-queue', 'a/b'], '--events-queue must be the name'],
])('refuses %j', async (options, message) => {
  const { code, stderr } = await serve('a: s3cret-one', options).untilReadyThenStop();

  expect([code, stderr.includes(message), stderr.includes('s3cret-')]).toEqual([2, true, false]);
});

test('reads JSON', async () => {
  const { code, stdout } = await serve('{ "prod/db": "s3cret-one" }').untilReadyThenStop();

  expect([code, stdout.includes('1 secret at')]).toEqual([0, true]);
});

test('supports --regions, --http, --admin and --properties', async () => {
  const propertiesFile = join(directory, "it's.properties");
  let properties = '';
  const command = serve(
    'a: s3cret-one',
    ['--regions', 'cn-hangzhou, cn-shanghai', '--http', '--admin', '--properties', propertiesFile],
    () => {
      properties = readFileSync(propertiesFile, 'utf8');
    },
  );

  const { stdout } = await command.untilReadyThenStop();

  expect(stdout).toMatch(/ready: 1 secret at http:\/\/127\.0\.0\.1:\d+\/, http:\/\/127\.0\.0\.1:\d+\/$/m);
  expect(stdout).toMatch(/^export FAKE_KMS_ADMIN='http:\/\/127\.0\.0\.1:\d+'$/m);
  expect(stdout).toContain(`it'\\''s.properties'`);
  expect(properties).toContain('cn-shanghai');
  expect(existsSync(propertiesFile)).toBe(false);
});

test.each([
  [
    'client_key',
    ["export credentials_type='client_key'", 'client_key_password_from_file_path', 'cache_client_region_id'],
  ],
  ['instance', ['export cache_client_dkms_config_info=', 'clientKeyFile', '2 ports']],
  ['ram_role', ["export credentials_type='ram_role'", 'credentials_sts_endpoint', 'export NODE_EXTRA_CA_CERTS=']],
  ['oidc_role_arn', ["export credentials_type='oidc_role_arn'", 'oidc-token', 'export NODE_EXTRA_CA_CERTS=']],
  ['credentials_uri', ["export ALIBABA_CLOUD_CREDENTIALS_URI='http://127.0.0.1:", 'cache_client_region_id']],
])('--as %s prints the settings of that identity', async (identity, parts) => {
  const { code, stdout } = await serve('a: s3cret-one', ['--as', identity]).untilReadyThenStop();

  expect(code).toBe(0);
  const ports =
    stdout
      .split('\n')
      .at(-2)
      ?.match(/https:\/\//g)?.length ?? 0;
  for (const part of parts) expect(`${stdout} ${ports} ports`).toContain(part);
  expect(stdout.includes("credentials_type='ak'")).toBe(false);
  expect(stdout.includes('KMS_SECRETS_CONFIG_FILE')).toBe(identity !== 'credentials_uri');
});

test('a client reads with the settings of --as, until the fake stops', async () => {
  let settings: Record<string, string> = {};
  const command = serve('a: s3cret-one', ['--as', 'instance', '--instances', 'kst-a,kst-b'], async (stdout) => {
    settings = Object.fromEntries(
      [...stdout.matchAll(/^export (\w+)='(.*)'$/gm)].map(([, name, value]) => [name, value]),
    );
    const [first] = JSON.parse(settings['cache_client_dkms_config_info'] ?? '[]') as {
      readonly clientKeyFile: string;
    }[];
    const client = createSecretClient({
      configFile: settings['KMS_SECRETS_CONFIG_FILE'],
      preload: ['a'],
    });
    await client.ready();
    await client.close();
    expect(existsSync(first?.clientKeyFile ?? '')).toBe(true);
  });

  const { code, stdout } = await command.untilReadyThenStop();

  expect([code, stdout.match(/kst-|https:/g)?.length]).toEqual([0, 4]);
  expect(existsSync(settings['KMS_SECRETS_CONFIG_FILE'] ?? '')).toBe(false);
});

test('uses --port, and reports a port that is in use', async () => {
  let inner: Promise<Outcome> | undefined;
  const command = serve('a: s3cret-one', [], (stdout) => {
    const port = /127\.0\.0\.1:(\d+)\/$/m.exec(stdout)?.[1] ?? '';
    inner = serve('a: s3cret-one', ['--port', port]).untilReadyThenStop();
    return inner;
  });

  await command.untilReadyThenStop();

  const { code, stderr } = (await inner) ?? { code: 0, stderr: '' };
  expect([code, stderr]).toEqual([1, expect.stringContaining('The fake KMS could not be started: listen EADDRINUSE')]);
});

test('uses --sts-port', async () => {
  const { stdout } = await serve('a: s3cret-one').untilReadyThenStop();
  const port = /^# STS: https:\/\/127\.0\.0\.1:(\d+)\//m.exec(stdout)?.[1] ?? '';

  const fixed = await serve('a: s3cret-one', ['--as', 'ram_role', '--sts-port', port]).untilReadyThenStop();

  expect(fixed.stdout).toContain(`export credentials_sts_endpoint='127.0.0.1:${port}'`);
});

test('reports a temporary directory that cannot be written and leaves no port open', async () => {
  const port = await freePort();
  vi.stubEnv('TMPDIR', '/dev/null/tmp');
  onTestFinished(() => {
    vi.unstubAllEnvs();
  });

  const { code, stderr } = await serve('a: s3cret-one', ['--port', port]).untilReadyThenStop();
  vi.unstubAllEnvs();

  expect([code, stderr]).toEqual([
    1,
    expect.stringContaining('The temporary directory /dev/null/tmp cannot be written (ENOTDIR). Set TMPDIR'),
  ]);
  expect((await serve('a: s3cret-one', ['--port', port]).untilReadyThenStop()).code).toBe(0);
});

test('reports a properties file that cannot be written and leaves no port open', async () => {
  const port = await freePort();
  const options = ['--admin', '--port', port];

  const failed = await serve('a: s3cret-one', [...options, '--properties', '/dev/null/x']).untilReadyThenStop();

  expect([failed.code, failed.stdout]).toEqual([1, '']);
  expect(failed.stderr).toContain('The settings could not be written: ENOTDIR');
  expect((await serve('a: s3cret-one', options).untilReadyThenStop()).code).toBe(0);
});

test.each(['SIGTERM', 'SIGINT', 'SIGHUP'])('the first %s stops the command', async (signal) => {
  const target = fakeProcess('a: s3cret-one');
  target.stdout.write = (text: string) => text.includes('is ready') && target.emit(signal);

  await runProcess(target);

  expect([target.exitCode, target.eventNames()]).toEqual([0, []]);
});

test('a signal before the ready line stops the command', async () => {
  const target = fakeProcess('a: s3cret-one');
  let stdout = '';
  target.stdout.write = (text: string) => (stdout += text);

  const done = runProcess(target);
  target.emit('SIGTERM');
  await done;

  expect([target.exitCode, stdout]).toEqual([0, '']);
});

test('leaves no signal handler after a failure', async () => {
  const target = fakeProcess('a: 5');

  await runProcess(target);

  expect([target.exitCode, target.eventNames()]).toEqual([1, []]);
});

test.each([
  ['a: { user: app, password: s3cret-one, port: 5432 }', { user: 'app', password: 's3cret-one', port: 5432 }],
  ['a: { value: { type: key, nested: { key: s3cret-one } } }', { type: 'key', nested: { key: 's3cret-one' } }],
])('serves the object %s as JSON', async (text, expected) => {
  let value = '';
  const command = serve(text, [], async (stdout) => {
    value = await readWith(stdout, 'a');
  });

  await command.untilReadyThenStop();

  expect(JSON.parse(value)).toEqual(expected);
});

test('--port and --properties keep the settings over a restart', async () => {
  const options = ['--port', await freePort(), '--properties', join(directory, 'kept.properties')];
  const readOnce = async (): Promise<string[]> => {
    let value = '';
    const command = serve('a: s3cret-one', options, async (stdout) => {
      value = await readWith(stdout, 'a');
    });
    const { stdout } = await command.untilReadyThenStop();
    return [/^export KMS_SECRETS_CONFIG_FILE=.+$/m.exec(stdout)?.[0] ?? '', value];
  };

  const before = await readOnce();

  expect(before).toEqual([expect.stringContaining('kept.properties'), 's3cret-one']);
  expect(await readOnce()).toEqual(before);
});

test('--watch rotates an edited secret and ignores an invalid file', async () => {
  const file = join(mkdtempSync(join(directory, 'run-')), 'secrets.yaml');
  writeFileSync(file, 'a: s3cret-one\nb: s3cret-two\n');
  const stop = new AbortController();
  const stdout = new Output();
  const stderr = new Output();
  const done = main({ argv: [file, '--watch'], stdout, stderr, stop: stop.signal });
  await expect.poll(() => stdout.text).toMatch(/is ready/);

  writeFileSync(file, 'a: "s3cret-three\n');
  await expect
    .poll(() => stderr.text)
    .toMatch(/secrets\.yaml:\d+:\d+ is not valid YAML or JSON .+ The previous secrets are still served\.\n/);
  expect(await readWith(stdout.text, 'a')).toBe('s3cret-one');
  // As editors do: write another file, then replace.
  writeFileSync(`${file}~`, 'a: s3cret-four\nc: s3cret-five\n');
  renameSync(`${file}~`, file);
  await expect.poll(() => stdout.text).toMatch(/# fake-kms read .+ again: rotated a; added c; removed b\n/);

  expect(await readWith(stdout.text, 'a')).toBe('s3cret-four');
  // The watch outlives the file that was replaced.
  writeFileSync(file, 'a: s3cret-six\nc: s3cret-five\n');
  await expect.poll(() => stdout.text).toMatch(/again: rotated a\n/);
  expect(await readWith(stdout.text, 'a')).toBe('s3cret-six');
  stop.abort();
  expect(await done).toBe(0);
  expect(`${stdout.text}${stderr.text}`).not.toContain('s3cret-');
});

test('--help prints the options', async () => {
  const { code, stdout } = await run(['--help']);

  expect(code).toBe(0);
  for (const option of [
    '--port',
    '--sts-port',
    '--regions',
    '--instances',
    '--as',
    '--properties',
    '--admin',
    '--watch',
    '--http',
  ])
    expect(stdout).toContain(option);
});

test.each<[string[], string]>([
  [[], 'The secrets file is missing.'],
  [['a.yaml', 'b.yaml'], 'unexpected: b.yaml'],
  [['--nonsense'], "'--nonsense'"],
  [['a.yaml', '--port', '70000'], '--port must be a number up to 65535, got "70000"'],
  [['a.yaml', '--port', '1e3'], '--port must be a number'],
  [['a.yaml', '--sts-port', '-'], '--sts-port must be a number'],
  [['a.yaml', '--as', 'ecs_ram_role'], '--as must be one of ak, client_key, instance'],
])('rejects the arguments %j and mentions --help', async (argv, message) => {
  const { code, stderr } = await run(argv);

  expect(code).toBe(2);
  expect(stderr).toContain(message);
  expect(stderr).toContain('fake-kms --help');
});

test('reports an invalid region', async () => {
  const { code, stderr } = await serve('a: s3cret-one', ['--regions', 'a b']).untilReadyThenStop();

  expect([code, stderr]).toEqual([1, expect.stringContaining('"a b" is not a region id')]);
});

test.each([
  {
    problem: 'an unclosed quote',
    text: 'a: "s3cret-one\nb: c',
    message: /:\d+:\d+ is not valid YAML or JSON \(/,
  },
  {
    problem: 'a duplicate name',
    text: 'a: s3cret-one\na: s3cret-two',
    message: /:2:1 is not valid YAML or JSON \(DUPLICATE_KEY\)/,
  },
  { problem: 'a list', text: '- s3cret-one', message: /must contain one entry per secret/ },
  { problem: 'no entries', text: '{}', message: /contains no secrets/ },
  { problem: 'a number', text: 'a: 5', message: /The secret "a" must be a string or an object. Put numbers in quotes/ },
  { problem: 'a null', text: 'a: null', message: /The secret "a" must be an object/ },
  { problem: 'a missing value', text: 'a: { dataType: text }', message: /The secret "a": value is missing/ },
  {
    problem: 'a mistyped field',
    text: 'a: { value: s3cret-one, dataTyp: text }',
    message: /"a" has an unknown field dataTyp/,
  },
  {
    problem: 'an invalid rotation',
    text: 'a: { value: s3cret-one, automaticRotation: often }',
    message: /automaticRotation must be/,
  },
  { problem: 'an invalid name', text: 'a b: s3cret-one', message: /The secret "a b" is invalid: The name of a secret/ },
  {
    problem: 'the wrong format',
    text: 'a: { value: s3cret-one, type: Rds }',
    message: /The secret "a" is invalid: The value/,
  },
])('rejects a file with $problem without printing a value', async ({ text, message }) => {
  const { code, stdout, stderr } = await serve(text).untilReadyThenStop();

  expect([code, stdout]).toEqual([1, '']);
  expect(message.test(stderr)).toBe(true);
  expect(stderr.includes('s3cret-')).toBe(false);
});

test('reports a file that does not exist or cannot be read', async () => {
  expect((await run([join(directory, 'missing.yaml')])).stderr).toMatch(
    /^fake-kms: The file .+missing\.yaml does not exist\.\n$/,
  );
  expect((await run([directory])).stderr).toContain('cannot be read (EISDIR)');
});

class Output {
  text = '';

  write(text: string): void {
    this.text += text;
  }
}

async function readWith(stdout: string, name: string): Promise<string> {
  const configFile = /^export KMS_SECRETS_CONFIG_FILE='(.*)'$/m.exec(stdout)?.[1];
  const client = createSecretClient({ configFile });
  const value = (await client.get(name)).text();
  await client.close();
  return value;
}

async function freePort(): Promise<string> {
  const { stdout } = await serve('a: s3cret-one').untilReadyThenStop();
  return /127\.0\.0\.1:(\d+)\/$/m.exec(stdout)?.[1] ?? '';
}

function fakeProcess(text: string): EventEmitter & {
  readonly argv: string[];
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown };
  exitCode?: number | string | null | undefined;
} {
  const file = join(mkdtempSync(join(directory, 'run-')), 'secrets.yaml');
  writeFileSync(file, text);
  const stdout = { write: (): unknown => undefined };
  return Object.assign(new EventEmitter(), { argv: ['node', 'fake-kms', file], stdout, stderr: { ...stdout } });
}

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function run(argv: string[]): Promise<Outcome> {
  return start(argv).untilReadyThenStop();
}

function serve(
  text: string,
  options: string[] = [],
  whenReady?: (stdout: string) => unknown,
): { untilReadyThenStop(): Promise<Outcome> } {
  const file = join(mkdtempSync(join(directory, 'run-')), 'secrets.yaml');
  writeFileSync(file, text);
  return start([file, ...options], whenReady);
}

function start(argv: string[], whenReady?: (stdout: string) => unknown): { untilReadyThenStop(): Promise<Outcome> } {
  const stop = new AbortController();
  let out = '';
  let err = '';
  const stdout = {
    write(text: string): void {
      out += text;
      if (text.includes('ready')) void Promise.resolve(whenReady?.(out)).then(() => stop.abort());
    },
  };
  const stderr = {
    write(text: string): void {
      err += text;
    },
  };
  return {
    async untilReadyThenStop() {
      const code = await main({ argv, stdout, stderr, stop: stop.signal });
      return { code, stdout: out, stderr: err };
    },
  };
}
