import { startFakeKms } from '@kms-secrets/testing';
import { expect, test } from 'vitest';
import type { Resolution } from '../options/resolve.ts';
import { resolve } from '../options/resolve.ts';
import type { OptionTable } from '../options/option-table.ts';
import { optionTable } from '../options/option-table.ts';
import type { ConfigurationMachine } from './environment.ts';
import type { GatheredSettings } from './sources.ts';
import { gatherSettings } from './sources.ts';

interface World {
  readonly environment?: Readonly<Record<string, string>>;
  readonly files?: Readonly<Record<string, string | Uint8Array | { readonly code: string }>>;
}

function machineOf({ environment = {}, files = {} }: World): ConfigurationMachine {
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

function gather(given: object, world: World = {}): GatheredSettings & Resolution<OptionTable> {
  const gathered = gatherSettings(given, machineOf(world));
  const resolution = resolve(optionTable, gathered.layers);
  return { ...gathered, ...resolution, issues: [...gathered.issues, ...resolution.issues] };
}

const pair = { credentials_access_key_id: 'FakeId', credentials_access_secret: 's3cret-key' };
const key = { type: 'ak', accessKeyId: 'FakeId', accessKeySecret: 's3cret-key' };
const usual = '/app/secretsmanager.properties';

test('nothing set anywhere is nothing wrong', () => {
  const { issues, warnings, values, sources } = gather({});

  expect({ issues, warnings, credentials: values.credentials, set: sources.size }).toEqual({
    issues: [],
    warnings: [],
    credentials: { type: 'default' },
    set: 0,
  });
});

test('what the fake KMS writes for the official clients is read from the environment and from a file', async () => {
  await using kms = await startFakeKms({ regions: ['cn-hangzhou', 'cn-shanghai'] });
  const hosts = kms.endpoints.map(({ endpoint }) => ({
    host: endpoint,
    caFilePath: kms.caFilePath,
    ignoreSslCerts: false,
  }));

  const fromEnvironment = gather({}, { environment: kms.environment() });
  const fromFile = gather({}, { files: { [usual]: kms.properties() } });

  for (const { issues, warnings, values } of [fromEnvironment, fromFile]) {
    expect({ issues, warnings }).toEqual({ issues: [], warnings: [] });
    expect(values.credentials).toEqual({ type: 'ak', ...kms.accessKey });
    expect(values.endpoints).toEqual(hosts);
  }
});

test('code wins over the environment, and that over the file, option by option', () => {
  const { values, sources } = gather(
    { ttl: '1m' },
    {
      environment: { KMS_SECRETS_TTL: '2m', KMS_SECRETS_RETRY_MAX_ATTEMPTS: '2', KMS_SECRETS_STAGE: '  ' },
      files: { [usual]: 'KMS_SECRETS_TTL=3m\nKMS_SECRETS_RETRY_MAX_ATTEMPTS=3\nKMS_SECRETS_STAGE=blue' },
    },
  );

  expect(values).toMatchObject({ ttl: 60_000, retry: { maxAttempts: 2 }, stage: 'blue' });
  expect(Object.fromEntries(sources)).toMatchObject({
    ttl: 'option',
    'retry.maxAttempts': 'variable KMS_SECRETS_RETRY_MAX_ATTEMPTS',
    stage: 'secretsmanager.properties:3',
  });
});

test('names to preload are read from secret_names, and from the variable of their own before that', () => {
  const names = gather({}, { environment: { secret_names: 'prod/db, prod/redis' } });
  const both = gather({}, { files: { [usual]: 'secret_names=a\nKMS_SECRETS_PRELOAD=b' } });

  expect(names.values.preload).toEqual(['prod/db', 'prod/redis']);
  expect(names.sources.get('preload')).toBe('variable secret_names');
  expect(both.values.preload).toEqual(['b']);
});

test('credentials come from one source, whole', () => {
  const { values, issues, sources } = gather(
    {},
    {
      environment: { credentials_access_key_id: 'FakeOther' },
      files: { [usual]: 'credentials_access_secret=s3cret-key' },
    },
  );

  expect(values.credentials).toEqual({ type: 'default' });
  expect(sources.has('credentials')).toBe(false);
  expect(issues).toMatchObject([{ key: 'credentials_access_secret', source: 'variable credentials_access_secret' }]);
  expect(issues[0]?.expected).toContain('because credentials_access_key_id is set');
});

test('a key id and its secret are an access key without being called one', () => {
  const { values, issues, sources } = gather({}, { environment: pair });

  expect(issues).toEqual([]);
  expect(values.credentials).toEqual(key);
  expect(sources.get('credentials')).toBe('variable credentials_access_key_id');
});

test('a type without a key names both that are missing', () => {
  const { issues } = gather({}, { files: { [usual]: '\ncredentials_type=ak' } });

  expect(issues.map((issue) => `${issue.key} ${issue.source}`)).toEqual([
    'credentials_access_key_id secretsmanager.properties',
    'credentials_access_secret secretsmanager.properties',
  ]);
});

test('a type that nobody knows is refused with the list, and not shown', () => {
  const { issues } = gather({}, { environment: { ...pair, credentials_type: 's3cret-key' } });

  expect(issues[0]?.expected).toContain('ram_role');
  expect(JSON.stringify(issues)).not.toContain('s3cret-');
});

test('a mistake in credentials that are not used is a warning, not a mistake', () => {
  const { issues, warnings, values } = gather(
    { credentials: key },
    { environment: { credentials_type: 'ecs_role', cache_client_dkms_config_info: '{}' }, files: {} },
  );

  expect(values.credentials).toEqual(key);
  expect(issues).toMatchObject([{ key: 'cache_client_dkms_config_info' }]);
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toContain('credentials_type (variable credentials_type) is wrong, but not used');
});

test.each([
  ['[{"regionId":"cn-hangzhou"}]', 'kms.cn-hangzhou.aliyuncs.com'],
  [String.raw`[{\"regionId\":\"cn-hangzhou\"}]`, 'kms.cn-hangzhou.aliyuncs.com'],
  ['[{"regionId":"cn-hangzhou","vpc":true}]', 'kms-vpc.cn-hangzhou.aliyuncs.com'],
  ['[{"regionId":"cn-hangzhou","vpc":"true"}]', 'kms-vpc.cn-hangzhou.aliyuncs.com'],
  ['[{"regionId":"cn-hangzhou","endpoint":"https://kms.test/"}]', 'kms.test'],
])('the regions %s are read as the official clients read them', (regions, host) => {
  const fromEnvironment = gather({}, { environment: { cache_client_region_id: regions } });
  const fromFile = gather({}, { files: { [usual]: `cache_client_region_id=${regions}` } });

  expect(fromEnvironment.values.endpoints).toEqual([{ host, caFilePath: undefined, ignoreSslCerts: false }]);
  expect(fromFile.values.endpoints).toEqual([{ host, caFilePath: undefined, ignoreSslCerts: false }]);
});

test.each([
  ['[{"regionId":"cn-hangzhou"}', 28],
  ['[{"regionId":"cn-hangzhou",}]', 28],
  [String.raw`[{\"regionId\":s3cret-key}]`, 16],
  ['s3cret-key', 1],
])('regions that are no JSON are told by the place where they break, and not shown', (regions, character) => {
  const { issues } = gather({}, { environment: { cache_client_region_id: regions } });

  expect(issues).toMatchObject([{ key: 'cache_client_region_id', source: 'variable cache_client_region_id' }]);
  expect(issues[0]?.expected).toContain(`at character ${character}`);
  expect(issues[0]?.example).toContain('"regionId":"cn-hangzhou"');
  expect(JSON.stringify(issues)).not.toContain('s3cret-');
});

test('a region that is wrong is told by its place in the list, and where the list stands', () => {
  const regions = '[{"regionId":"cn-hangzhou"},{"regionId":"Hangzhou!"},{"vpc":"perhaps"}]';

  const { issues } = gather({}, { files: { [usual]: `# regions\ncache_client_region_id=${regions}` } });

  expect(issues.map((issue) => `${issue.key} ${issue.source}`)).toEqual([
    'endpoints[1].regionId secretsmanager.properties:2',
    'endpoints[2].vpc secretsmanager.properties:2',
  ]);
});

test('a relative caFilePath is meant from the file that names it, then from the working directory', () => {
  const regions =
    'cache_client_region_id=[{"regionId":"a","caFilePath":"ca.pem"},{"regionId":"b","caFilePath":"/x.pem"}]';
  const paths = (files: World['files']): unknown =>
    gather({ configFile: 'etc/kms.properties' }, { files: { '/app/etc/kms.properties': regions, ...files } }).values
      .endpoints;

  expect(paths({ '/app/etc/ca.pem': 'x', '/app/ca.pem': 'y' })).toMatchObject([
    { caFilePath: '/app/etc/ca.pem' },
    { caFilePath: '/x.pem' },
  ]);
  expect(paths({ '/app/ca.pem': 'y' })).toMatchObject([{ caFilePath: '/app/ca.pem' }, {}]);
  expect(paths({})).toMatchObject([{ caFilePath: '/app/etc/ca.pem' }, {}]);
});

test('the file is the one that the option names, else the variable, else the usual one', () => {
  const files = {
    '/app/one': 'KMS_SECRETS_RETRY_MAX_ATTEMPTS=1',
    '/two': 'KMS_SECRETS_RETRY_MAX_ATTEMPTS=2',
    [usual]: 'KMS_SECRETS_RETRY_MAX_ATTEMPTS=3',
  };
  const environment = { KMS_SECRETS_CONFIG_FILE: '/two' };

  expect(gather({ configFile: 'one' }, { files, environment }).sources.get('retry.maxAttempts')).toBe('one:1');
  expect(gather({}, { files, environment }).sources.get('retry.maxAttempts')).toBe('/two:1');
  expect(gather({}, { files }).sources.get('retry.maxAttempts')).toBe('secretsmanager.properties:1');
});

test.each([
  ['missing', undefined, 'no file at x.properties'],
  ['a directory', { code: 'EISDIR' }, 'a directory at x.properties'],
  ['not for this process', { code: 'EACCES' }, 'a file that this process may not read at x.properties'],
  ['too large', new Uint8Array(1_048_577), 'a file of more than 1048576 bytes at x.properties'],
  ['not UTF-8', new Uint8Array([0x61, 0x3d, 0xe9]), 'a file that is not UTF-8 at x.properties'],
])('a file that was named and is %s is a mistake', (_, file, got) => {
  const files = file === undefined ? {} : { '/app/x.properties': file };

  const { issues } = gather({}, { environment: { KMS_SECRETS_CONFIG_FILE: 'x.properties' }, files });

  expect(issues).toMatchObject([{ key: 'configFile', source: 'variable KMS_SECRETS_CONFIG_FILE', got }]);
});

test('the usual file may be missing, but not unreadable', () => {
  const { issues } = gather({}, { files: { [usual]: { code: 'EACCES' } } });

  expect(issues).toMatchObject([{ key: 'configFile', source: 'working directory' }]);
});

test('a broken escape in a file is told by its line', () => {
  const { issues } = gather({}, { files: { [usual]: `a=1\ncredentials_access_secret=${String.raw`s3cret-\user`}` } });

  expect(issues[0]?.expected).toContain('secretsmanager.properties:2');
  expect(JSON.stringify(issues)).not.toContain('s3cret-');
});

test('a key that is not known is a warning that shows no key, and names the one that was meant', () => {
  const text = 'credential_type=ak\ns3cret-rest-of-a-value\nclient_key_password=s3cret-x\ncredentials_role_arn=x';

  const { issues, warnings } = gather({}, { files: { [usual]: text } });

  expect(issues).toEqual([]);
  expect(warnings).toEqual([
    'secretsmanager.properties:1 sets a key that is not known here. Is "credentials_type" meant?',
    'secretsmanager.properties:2 sets a key that is not known here. It is not read.',
    expect.stringContaining(
      'credentials_role_arn (secretsmanager.properties:4) is not read: credentials_type is missing',
    ),
  ]);
});

test('a key that stands twice counts where it stands last, and that is a warning', () => {
  const { values, warnings, sources } = gather(
    {},
    { files: { [usual]: 'KMS_SECRETS_RETRY_MAX_ATTEMPTS=1\nKMS_SECRETS_RETRY_MAX_ATTEMPTS=2' } },
  );

  expect(values.retry.maxAttempts).toBe(2);
  expect(sources.get('retry.maxAttempts')).toBe('secretsmanager.properties:2');
  expect(warnings[0]).toContain('line 2 does so again');
});

test('a variable that is nearly one of ours is a warning; any other is none of our business', () => {
  const { warnings } = gather(
    {},
    { environment: { KMS_SECRETS_TLL: '1m', KMS_SECRETS_SOMETHING_ELSE: 'x', PATH: '/' } },
  );

  expect(warnings).toEqual(['variable KMS_SECRETS_TLL is not known. Is "KMS_SECRETS_TTL" meant?']);
});

test('by the precedence of the official clients the environment wins, then the file, and endpoints are joined', () => {
  const { values, sources, issues } = gather(
    { precedence: 'official', ttl: '1m', retry: { maxAttempts: 1 }, credentials: key, endpoints: ['cn-beijing'] },
    {
      environment: { KMS_SECRETS_TTL: '2m', cache_client_region_id: '[{"regionId":"cn-hangzhou"}]' },
      files: {
        [usual]:
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
  expect(sources.get('endpoints')).toBe('option and secretsmanager.properties:5 and variable cache_client_region_id');
});

test('all mistakes of all sources come together', () => {
  const { issues } = gather(
    { retry: { maxAttempts: 'many' } },
    {
      environment: { KMS_SECRETS_TTL: 'long', credentials_type: 'sts' },
      files: { [usual]: 'cache_client_region_id=[\nKMS_SECRETS_STAGE=\nKMS_SECRETS_DEADLINE=-1' },
    },
  );

  expect(issues.map((issue) => `${issue.key} ${issue.source}`).toSorted()).toEqual([
    'cache_client_region_id secretsmanager.properties:1',
    'credentials_access_key_id variable credentials_access_key_id',
    'credentials_access_secret variable credentials_access_secret',
    'credentials_role_arn variable credentials_role_arn',
    'deadline secretsmanager.properties:3',
    'retry.maxAttempts option',
    'ttl variable KMS_SECRETS_TTL',
  ]);
});
