import { startFakeKms } from '@kms-secrets/testing';
import { expect, test } from 'vitest';
import { optionTable } from '../options/option-table.ts';
import type { OptionTable } from '../options/option-table.ts';
import { resolve } from '../options/resolve.ts';
import type { Resolution } from '../options/resolve.ts';
import type { ConfigurationMachine } from './environment.ts';
import { collectSettings } from './settings.ts';
import type { CollectedSettings } from './settings.ts';

interface Machine {
  readonly environment?: Readonly<Record<string, string>>;
  readonly files?: Readonly<Record<string, string | Uint8Array | { readonly code: string; readonly syscall?: string }>>;
}

function createMachine({ environment = {}, files = {} }: Machine): ConfigurationMachine {
  return {
    environment,
    workingDirectory: () => '/app',
    readFile(path) {
      const file = files[path] ?? { code: 'ENOENT' };
      if (typeof file === 'string') return Buffer.from(file);
      if (file instanceof Uint8Array) return file;
      throw Object.assign(new Error(`${file.code}: ${path}`), file);
    },
  };
}

function collect(options: object, machine: Machine = {}): CollectedSettings & Resolution<OptionTable> {
  const collected = collectSettings(options, createMachine(machine));
  const resolution = resolve(optionTable, collected.layers);
  return { ...collected, ...resolution, issues: [...collected.issues, ...resolution.issues] };
}

const accessKeyTexts = { credentials_access_key_id: 'FakeId', credentials_access_secret: 's3cret-key' };
const accessKey = { type: 'ak', accessKeyId: 'FakeId', accessKeySecret: 's3cret-key' };
const defaultFile = '/app/secretsmanager.properties';

test('needs no settings at all', () => {
  const { issues, warnings, values, sources } = collect({});

  expect({ issues, warnings, credentials: values.credentials, set: sources.size }).toEqual({
    issues: [],
    warnings: [],
    credentials: { type: 'default' },
    set: 0,
  });
});

test('reads the settings that the fake KMS writes for the official clients', async () => {
  await using kms = await startFakeKms({ regions: ['cn-hangzhou', 'cn-shanghai'] });
  const hosts = kms.endpoints.map(({ endpoint }) => ({
    host: endpoint,
    caFilePath: kms.caFilePath,
    ignoreSslCerts: false,
  }));

  const fromEnvironment = collect({}, { environment: kms.environment() });
  const fromFile = collect({}, { files: { [defaultFile]: kms.properties() } });

  for (const { issues, warnings, values } of [fromEnvironment, fromFile]) {
    expect({ issues, warnings }).toEqual({ issues: [], warnings: [] });
    expect(values.credentials).toEqual({ type: 'ak', ...kms.accessKey });
    expect(values.endpoints).toEqual(hosts);
  }
});

test('code takes precedence over the environment, and that over the file', () => {
  const { values, sources } = collect(
    { ttl: '1m' },
    {
      environment: { KMS_SECRETS_TTL: '2m', KMS_SECRETS_RETRY_MAX_ATTEMPTS: '2', KMS_SECRETS_STAGE: '  ' },
      files: { [defaultFile]: 'KMS_SECRETS_TTL=3m\nKMS_SECRETS_RETRY_MAX_ATTEMPTS=3\nKMS_SECRETS_STAGE=blue' },
    },
  );

  expect(values).toMatchObject({ ttl: 60_000, retry: { maxAttempts: 2 }, stage: 'blue' });
  expect(Object.fromEntries(sources)).toMatchObject({
    ttl: 'option',
    'retry.maxAttempts': 'KMS_SECRETS_RETRY_MAX_ATTEMPTS',
    stage: 'secretsmanager.properties:3',
  });
});

test('sets the members of a group one by one from all sources', () => {
  const { values, sources, issues } = collect(
    { breaker: { failures: 3 } },
    {
      environment: { KMS_SECRETS_BREAKER_FAILURES: '9', KMS_SECRETS_BREAKER_WINDOW: '1m', KMS_SECRETS_HEDGE: 'false' },
      files: {
        [defaultFile]: 'KMS_SECRETS_BREAKER=false\nKMS_SECRETS_BREAKER_OPEN_TIME=2s\nKMS_SECRETS_HEDGE_DELAY=1s',
      },
    },
  );

  expect(issues).toEqual([]);
  expect(values.breaker).toMatchObject({ failures: 3, window: 60_000, openTime: 2_000, maxOpenTime: 30_000 });
  expect(values.hedge).toBe(false);
  expect(Object.fromEntries(sources)).toEqual({
    'breaker.failures': 'option',
    'breaker.window': 'KMS_SECRETS_BREAKER_WINDOW',
    'breaker.openTime': 'secretsmanager.properties:2',
    hedge: 'KMS_SECRETS_HEDGE',
  });
});

test('KMS_SECRETS_PRELOAD takes precedence over secret_names', () => {
  const names = collect({}, { environment: { secret_names: 'prod/db, prod/redis' } });
  const both = collect({}, { files: { [defaultFile]: 'secret_names=a\nKMS_SECRETS_PRELOAD=b' } });

  expect(names.values.preload).toEqual(['prod/db', 'prod/redis']);
  expect(names.sources.get('preload')).toBe('secret_names');
  expect(both.values.preload).toEqual(['b']);
});

test('does not combine credentials of two sources', () => {
  const { values, issues, sources } = collect(
    {},
    {
      environment: { credentials_access_key_id: 'FakeOther' },
      files: { [defaultFile]: 'credentials_access_secret=s3cret-key' },
    },
  );

  expect(values.credentials).toEqual({ type: 'default' });
  expect(sources.has('credentials')).toBe(false);
  expect(issues).toMatchObject([{ key: 'credentials_access_secret', source: 'credentials_access_secret' }]);
  expect(issues[0]?.expected).toContain('because credentials_access_key_id is set');
});

test('recognizes an access key without a type', () => {
  const { values, issues, sources } = collect({}, { environment: accessKeyTexts });

  expect(issues).toEqual([]);
  expect(values.credentials).toEqual(accessKey);
  expect(sources.get('credentials')).toBe('credentials_access_key_id');
});

test('reports both missing keys of an access key', () => {
  const { issues } = collect({}, { files: { [defaultFile]: '\ncredentials_type=ak' } });

  expect(issues.map((issue) => `${issue.key} ${issue.source}`)).toEqual([
    'credentials_access_key_id secretsmanager.properties',
    'credentials_access_secret secretsmanager.properties',
  ]);
});

test('rejects an unknown type without showing it', () => {
  const { issues } = collect({}, { environment: { ...accessKeyTexts, credentials_type: 's3cret-key' } });

  expect(issues[0]?.expected).toContain('ram_role');
  expect(JSON.stringify(issues)).not.toContain('s3cret-');
});

test('only warns about an error in credentials that are not used', () => {
  const { issues, warnings, values } = collect(
    { credentials: accessKey },
    { environment: { credentials_type: 'ecs_role', cache_client_dkms_config_info: '{}' }, files: {} },
  );

  expect(values.credentials).toEqual(accessKey);
  expect(issues).toMatchObject([{ key: 'cache_client_dkms_config_info' }]);
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toContain('credentials_type (environment variable) is invalid but unused');
});

test.each([
  ['[{"regionId":"cn-hangzhou"}]', 'kms.cn-hangzhou.aliyuncs.com'],
  [String.raw`[{\"regionId\":\"cn-hangzhou\"}]`, 'kms.cn-hangzhou.aliyuncs.com'],
  ['[{"regionId":"cn-hangzhou","vpc":true}]', 'kms-vpc.cn-hangzhou.aliyuncs.com'],
  ['[{"regionId":"cn-hangzhou","vpc":"true"}]', 'kms-vpc.cn-hangzhou.aliyuncs.com'],
  ['[{"regionId":"cn-hangzhou","endpoint":"https://kms.test/"}]', 'kms.test'],
])('reads the regions %s like the official clients', (regions, host) => {
  const fromEnvironment = collect({}, { environment: { cache_client_region_id: regions } });
  const fromFile = collect({}, { files: { [defaultFile]: `cache_client_region_id=${regions}` } });

  expect(fromEnvironment.values.endpoints).toEqual([{ host, caFilePath: undefined, ignoreSslCerts: false }]);
  expect(fromFile.values.endpoints).toEqual([{ host, caFilePath: undefined, ignoreSslCerts: false }]);
});

test.each([
  ['[{"regionId":"cn-hangzhou"}', 28],
  ['[{"regionId":"cn-hangzhou",}]', 28],
  [String.raw`[{\"regionId\":s3cret-key}]`, 16],
  ['s3cret-key', 1],
])('reports the position of a JSON error without showing the text', (regions, character) => {
  const { issues } = collect({}, { environment: { cache_client_region_id: regions } });

  expect(issues).toMatchObject([{ key: 'cache_client_region_id', source: 'cache_client_region_id' }]);
  expect(issues[0]?.expected).toContain(`at character ${character}`);
  expect(issues[0]?.example).toContain('"regionId":"cn-hangzhou"');
  expect(JSON.stringify(issues)).not.toContain('s3cret-');
});

test('reports a wrong region with its index and the line of the list', () => {
  const regions = '[{"regionId":"cn-hangzhou"},{"regionId":"Hangzhou!"},{"vpc":"perhaps"}]';

  const { issues } = collect({}, { files: { [defaultFile]: `# regions\ncache_client_region_id=${regions}` } });

  expect(issues.map((issue) => `${issue.key} ${issue.source}`)).toEqual([
    'endpoints[1].regionId secretsmanager.properties:2',
    'endpoints[2].vpc secretsmanager.properties:2',
  ]);
});

test('resolves caFilePath from the directory of the file, then the working directory', () => {
  const regions =
    'cache_client_region_id=[{"regionId":"a","caFilePath":"ca.pem"},{"regionId":"b","caFilePath":"/x.pem"}]';
  const paths = (files: Machine['files']): unknown =>
    collect({ configFile: 'etc/kms.properties' }, { files: { '/app/etc/kms.properties': regions, ...files } }).values
      .endpoints;

  expect(paths({ '/app/etc/ca.pem': 'x', '/app/ca.pem': 'y' })).toMatchObject([
    { caFilePath: '/app/etc/ca.pem' },
    { caFilePath: '/x.pem' },
  ]);
  expect(paths({ '/app/ca.pem': 'y' })).toMatchObject([{ caFilePath: '/app/ca.pem' }, {}]);
  expect(paths({})).toMatchObject([{ caFilePath: '/app/etc/ca.pem' }, {}]);
});

test('reads the file of the option, of the variable, or the default one', () => {
  const files = {
    '/app/one': 'KMS_SECRETS_RETRY_MAX_ATTEMPTS=1',
    '/two': 'KMS_SECRETS_RETRY_MAX_ATTEMPTS=2',
    [defaultFile]: 'KMS_SECRETS_RETRY_MAX_ATTEMPTS=3',
  };
  const environment = { KMS_SECRETS_CONFIG_FILE: '/two' };

  expect(collect({ configFile: 'one' }, { files, environment }).sources.get('retry.maxAttempts')).toBe('one:1');
  expect(collect({}, { files, environment }).sources.get('retry.maxAttempts')).toBe('/two:1');
  expect(collect({}, { files }).sources.get('retry.maxAttempts')).toBe('secretsmanager.properties:1');
});

test.each([
  ['missing', undefined, 'no file at x.properties'],
  ['a directory', { code: 'EISDIR' }, 'a directory at x.properties'],
  ['unreadable', { code: 'EACCES' }, 'a file without read permission at x.properties'],
  ['too large', new Uint8Array(1_048_577), 'a file of more than 1048576 bytes at x.properties'],
  ['binary', new Uint8Array([0x61, 0x3d, 0]), 'a binary file at x.properties'],
])('rejects a configured file that is %s', (_, file, got) => {
  const files = file === undefined ? {} : { '/app/x.properties': file };

  const { issues } = collect({}, { environment: { KMS_SECRETS_CONFIG_FILE: 'x.properties' }, files });

  expect(issues).toMatchObject([{ key: 'configFile', source: 'KMS_SECRETS_CONFIG_FILE', got }]);
});

test.each([{ code: 'EACCES', syscall: 'stat' }, { code: 'EPERM', syscall: 'stat' }, { code: 'ERR_ACCESS_DENIED' }])(
  'a default file that the process may not see counts as missing: $code',
  (file) => {
    const { issues, warnings, notes } = collect({}, { files: { [defaultFile]: file } });

    expect({ issues, warnings }).toEqual({ issues: [], warnings: [] });
    expect(notes).toEqual([`${defaultFile} was not read: a path that this process may not access (${file.code}).`]);
  },
);

test('rejects a configured file that the process may not see', () => {
  const files = { '/app/x.properties': { code: 'ERR_ACCESS_DENIED' } };

  const { issues } = collect({ configFile: 'x.properties' }, { files });

  expect(issues).toMatchObject([
    { key: 'configFile', got: 'a path that this process may not access (ERR_ACCESS_DENIED) at x.properties' },
  ]);
});

test('rejects an unreadable default file', () => {
  const { issues } = collect({}, { files: { [defaultFile]: { code: 'EACCES' } } });

  expect(issues).toMatchObject([{ key: 'configFile', source: 'working directory' }]);
});

test('reports the line of an invalid escape', () => {
  const { issues } = collect(
    {},
    { files: { [defaultFile]: `a=1\ncredentials_access_secret=${String.raw`s3cret-\user`}` } },
  );

  expect(issues[0]?.expected).toContain('secretsmanager.properties:2');
  expect(JSON.stringify(issues)).not.toContain('s3cret-');
});

test('warns about an unknown key without showing it, with a suggestion', () => {
  const text = 'credential_type=ak\ns3cret-rest-of-a-value\nclient_key_password=s3cret-x\ncredentials_role_arn=x';

  const { issues, warnings } = collect({}, { files: { [defaultFile]: text } });

  expect(issues).toEqual([]);
  expect(warnings).toEqual([
    'secretsmanager.properties:1: unknown key, ignored. Did you mean "credentials_type"?',
    'secretsmanager.properties:2: unknown key, ignored.',
    expect.stringContaining(
      'credentials_role_arn (secretsmanager.properties:4) is ignored, because credentials_type is not set',
    ),
  ]);
});

test('uses the last value of a repeated key, with a warning', () => {
  const { values, warnings, sources } = collect(
    {},
    { files: { [defaultFile]: 'KMS_SECRETS_RETRY_MAX_ATTEMPTS=1\nKMS_SECRETS_RETRY_MAX_ATTEMPTS=2' } },
  );

  expect(values.retry.maxAttempts).toBe(2);
  expect(sources.get('retry.maxAttempts')).toBe('secretsmanager.properties:2');
  expect(warnings[0]).toContain('is set again in line 2');
});

test('warns about a variable that resembles a known one, and about no other', () => {
  const { warnings } = collect(
    {},
    { environment: { KMS_SECRETS_TLL: '1m', KMS_SECRETS_SOMETHING_ELSE: 'x', PATH: '/' } },
  );

  expect(warnings).toEqual(['Unknown variable KMS_SECRETS_TLL. Did you mean "KMS_SECRETS_TTL"?']);
});

test('the official precedence is environment, file, code, and merges endpoints', () => {
  const { values, sources, issues } = collect(
    { precedence: 'official', ttl: '1m', retry: { maxAttempts: 1 }, credentials: accessKey, endpoints: ['cn-beijing'] },
    {
      environment: { KMS_SECRETS_TTL: '2m', cache_client_region_id: '[{"regionId":"cn-hangzhou"}]' },
      files: {
        [defaultFile]:
          'KMS_SECRETS_TTL=3m\nKMS_SECRETS_RETRY_MAX_ATTEMPTS=3\ncredentials_access_key_id=FakeFile\ncredentials_access_secret=s3cret-file\n' +
          'cache_client_region_id=[{"regionId":"cn-shanghai"}]',
      },
    },
  );

  expect(issues).toEqual([]);
  expect(values).toMatchObject({ ttl: 120_000, retry: { maxAttempts: 3 } });
  expect(values.credentials).toEqual({ type: 'ak', accessKeyId: 'FakeFile', accessKeySecret: 's3cret-file' });
  expect(values.endpoints).toMatchObject([
    { host: 'kms.cn-beijing.aliyuncs.com' },
    { host: 'kms.cn-shanghai.aliyuncs.com' },
    { host: 'kms.cn-hangzhou.aliyuncs.com' },
  ]);
  expect(sources.get('endpoints')).toBe('option and secretsmanager.properties:5 and cache_client_region_id');
});

test('code-only reads neither the environment nor a file', () => {
  const machine: ConfigurationMachine = {
    get environment(): never {
      throw new Error('The environment was read.');
    },
    workingDirectory(): never {
      throw new Error('The working directory was read.');
    },
    readFile(): never {
      throw new Error('A file was read.');
    },
  };

  const { layers, issues, warnings } = collectSettings(
    { precedence: 'code-only', configFile: undefined, ttl: '1m' },
    machine,
  );

  expect({ issues, warnings }).toEqual({ issues: [], warnings: [] });
  expect(layers.map((layer) => layer.get('ttl')?.value)).toEqual(['1m']);
});

test('rejects a configFile that code-only would not read', () => {
  const { issues } = collectSettings({ precedence: 'code-only', configFile: 'x' }, createMachine({}));

  expect(issues).toMatchObject([{ key: 'configFile', expected: expect.stringContaining('precedence "code-only"') }]);
});

test('reports the errors of all sources together', () => {
  const { issues } = collect(
    { retry: { maxAttempts: 'many' } },
    {
      environment: { KMS_SECRETS_TTL: 'long', credentials_type: 'sts' },
      files: { [defaultFile]: 'cache_client_region_id=[\nKMS_SECRETS_STAGE=\nKMS_SECRETS_DEADLINE=-1' },
    },
  );

  expect(issues.map((issue) => `${issue.key} ${issue.source}`).toSorted()).toEqual([
    'cache_client_region_id secretsmanager.properties:1',
    'credentials_access_key_id credentials_access_key_id',
    'credentials_access_secret credentials_access_secret',
    'credentials_role_arn credentials_role_arn',
    'deadline secretsmanager.properties:3',
    'retry.maxAttempts option',
    'ttl KMS_SECRETS_TTL',
  ]);
});
