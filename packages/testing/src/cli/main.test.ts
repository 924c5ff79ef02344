import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { createSecretClient } from '@kms-secrets/core';
import { afterAll, expect, test } from 'vitest';

import { main } from './main.ts';

const directory = mkdtempSync(join(tmpdir(), 'fake-kms-cli-'));

afterAll(() => {
  rmSync(directory, { recursive: true });
});

test('it says how to reach it and that it is ready, and never prints a value', async () => {
  const command = serve('prod/db: s3cret-one\nprod/more: { value: s3cret-two, dataType: binary, versionId: v1 }\n');

  const { code, stdout, stderr } = await command.untilReadyThenStop();

  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(/^# fake-kms is ready: 2 secrets at https:\/\/127\.0\.0\.1:\d+\/$/m);
  expect(stdout).toContain("export credentials_type='ak'\n");
  expect(stdout).toMatch(/^export KMS_SECRETS_CONFIG_FILE='.+secretsmanager\.properties'$/m);
  expect(stdout.includes('s3cret-')).toBe(false);
});

test('what it prints can be pasted into a shell', async () => {
  const { stdout } = await serve('prod/db: s3cret-one').untilReadyThenStop();

  const printed = execFileSync('sh', ['-c', `${stdout}\nprintf %s "$cache_client_region_id"`], { encoding: 'utf8' });

  expect(JSON.parse(printed)).toMatchObject([
    { regionId: 'cn-hangzhou', endpoint: expect.stringMatching(/^127\.0\.0\.1:\d+$/) },
  ]);
});

test('JSON is read as YAML is', async () => {
  const { code, stdout } = await serve('{ "prod/db": "s3cret-one" }').untilReadyThenStop();

  expect([code, stdout.includes('1 secret at')]).toEqual([0, true]);
});

test('regions, HTTP, the admin API and the place of the properties are chosen by options', async () => {
  const properties = join(directory, "it's.properties");
  let written = '';
  const command = serve(
    'a: s3cret-one',
    ['--regions', 'cn-hangzhou, cn-shanghai', '--http', '--admin', '--properties', properties],
    () => {
      written = readFileSync(properties, 'utf8');
    },
  );

  const { stdout } = await command.untilReadyThenStop();

  expect(stdout).toMatch(/ready: 1 secret at http:\/\/127\.0\.0\.1:\d+\/, http:\/\/127\.0\.0\.1:\d+\/$/m);
  expect(stdout).toMatch(/^export FAKE_KMS_ADMIN='http:\/\/127\.0\.0\.1:\d+'$/m);
  expect(stdout).toContain(`it'\\''s.properties'`);
  expect(written).toContain('cn-shanghai');
  expect(existsSync(properties)).toBe(false);
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
])('--as %s prints the settings of a client that is this', async (identity, parts) => {
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

test('a client that is what --as says reads with the settings that were printed, and the files go with the fake', async () => {
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

test('a port is taken, and one that is in use is told in a sentence', async () => {
  let inner: Promise<Outcome> | undefined;
  const command = serve('a: s3cret-one', [], (stdout) => {
    const port = /127\.0\.0\.1:(\d+)\/$/m.exec(stdout)?.[1] ?? '';
    inner = serve('a: s3cret-one', ['--port', port]).untilReadyThenStop();
    return inner;
  });

  await command.untilReadyThenStop();

  const { code, stderr } = (await inner) ?? { code: 0, stderr: '' };
  expect([code, stderr]).toEqual([1, expect.stringContaining('KMS could not be started: listen EADDRINUSE')]);
});

test('--help tells the options', async () => {
  const { code, stdout } = await run(['--help']);

  expect(code).toBe(0);
  for (const option of ['--port', '--regions', '--instances', '--as', '--properties', '--admin', '--http'])
    expect(stdout).toContain(option);
});

test.each<[string[], string]>([
  [[], 'Which file of secrets'],
  [['a.yaml', 'b.yaml'], 'b.yaml would be left over'],
  [['--nonsense'], "'--nonsense'"],
  [['a.yaml', '--port', '70000'], '--port takes a number up to 65535, not "70000"'],
  [['a.yaml', '--port', '1e3'], '--port takes a number'],
  [['a.yaml', '--as', 'ecs_ram_role'], '--as takes one of ak, client_key, instance'],
])('the command %j is refused, with the way to help', async (argv, sentence) => {
  const { code, stderr } = await run(argv);

  expect(code).toBe(2);
  expect(stderr).toContain(sentence);
  expect(stderr).toContain('fake-kms --help');
});

test('a region that is none is told', async () => {
  const { code, stderr } = await serve('a: s3cret-one', ['--regions', 'a b']).untilReadyThenStop();

  expect([code, stderr]).toEqual([1, expect.stringContaining('"a b" is no region id')]);
});

test.each([
  {
    mistake: 'a quote that is not closed',
    text: 'a: "s3cret-one\nb: c',
    sentence: /:\d+:\d+ is not valid YAML or JSON \(/,
  },
  {
    mistake: 'a name twice',
    text: 'a: s3cret-one\na: s3cret-two',
    sentence: /:2:1 is not valid YAML or JSON \(DUPLICATE_KEY\)/,
  },
  { mistake: 'a list', text: '- s3cret-one', sentence: /must hold one entry a secret/ },
  { mistake: 'nothing', text: '{}', sentence: /holds no secret/ },
  { mistake: 'a number', text: 'a: 5', sentence: /The secret "a" must be a text or an object; put a number in quotes/ },
  { mistake: 'a null', text: 'a: null', sentence: /The secret "a" must be an object/ },
  { mistake: 'no value', text: 'a: { dataType: text }', sentence: /The secret "a": value is missing/ },
  {
    mistake: 'a mistyped field',
    text: 'a: { value: s3cret-one, dataTyp: text }',
    sentence: /"a" has no field dataTyp/,
  },
  {
    mistake: 'no schedule',
    text: 'a: { value: s3cret-one, automaticRotation: often }',
    sentence: /automaticRotation must be/,
  },
  { mistake: 'no name', text: 'a b: s3cret-one', sentence: /The secret "a b" is refused: A secret's name/ },
  {
    mistake: 'the wrong form',
    text: 'a: { value: s3cret-one, type: Rds }',
    sentence: /The secret "a" is refused: The value/,
  },
])('a file with $mistake is refused, without a value', async ({ text, sentence }) => {
  const { code, stdout, stderr } = await serve(text).untilReadyThenStop();

  expect([code, stdout]).toEqual([1, '']);
  expect(sentence.test(stderr)).toBe(true);
  expect(stderr.includes('s3cret-')).toBe(false);
});

test('a file that is not there, or cannot be read, is told', async () => {
  expect((await run([join(directory, 'nowhere.yaml')])).stderr).toMatch(
    /^fake-kms: There is no file .+nowhere\.yaml\.\n$/,
  );
  expect((await run([directory])).stderr).toContain('cannot be read (EISDIR)');
});

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
  let [out, err] = ['', ''];
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
