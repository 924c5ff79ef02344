import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import type { DefaultSource } from '../options/default-source.ts';
import { defaultSourceWarnings, findDefaultSources, readStsDefaults } from './default-sources.ts';
import type { ConfigurationMachine } from './environment.ts';

type Texts = Readonly<Record<string, string>>;

const date = Date.UTC(2026, 0, 2);
const cliFile = '/home/me/.aliyun/config.json';
const credentialsFile = '/home/me/.alibabacloud/credentials';

function createMachine(environment: Texts, files: Readonly<Record<string, string | Uint8Array>>): ConfigurationMachine {
  return {
    environment: { HOME: '/home/me', ALIBABA_CLOUD_ECS_METADATA_DISABLED: 'true', ...environment },
    workingDirectory: () => '/app',
    readFile(path) {
      const file = files[path];
      if (file === undefined) throw Object.assign(new Error(path), { code: 'ENOENT' });
      return typeof file === 'string' ? Buffer.from(file) : file;
    },
  };
}

/** The identities and the problems of all sources. Checks that no problem and no warning shows a secret. */
function find(
  environment: Texts,
  files: Readonly<Record<string, string | Uint8Array>> = {},
): {
  readonly identities: readonly unknown[];
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
} {
  const machine = createMachine(environment, files);
  const sources = findDefaultSources(machine, date);
  const warnings = defaultSourceWarnings(machine, date);
  const problems = sources.flatMap(({ problem }) => problem ?? []);
  expect(inspect([problems, warnings, sources.map(({ name }) => name)])).not.toContain('s3cret-');
  return { identities: sources.flatMap(({ identity }) => identity ?? []), problems, warnings };
}

/** A configuration of the CLI whose current profile is `default`, with one profile on each line from line 2. */
function cli(...profiles: readonly object[]): Texts {
  const lines = profiles.map((profile) => JSON.stringify({ name: 'default', ...profile }));
  return { [cliFile]: `{"current":"default","profiles":[\n${lines.join(',\n')}]}` };
}

const key = { access_key_id: 'FakeId', access_key_secret: 's3cret-key' };
const pair = { accessKeyId: 'FakeId', accessKeySecret: 's3cret-key' };
const arn = 'acs:ram::1:role/reader';

test('no source is configured on an empty machine', () => {
  expect(find({})).toEqual({ identities: [], problems: [], warnings: [] });
});

test('reads the variables, without white space and quotes around them, with a warning', () => {
  const { identities, warnings } = find({
    ALIBABA_CLOUD_ACCESS_KEY_ID: ' FakeId',
    ALIBABA_CLOUD_ACCESS_KEY_SECRET: 's3cret-key\n',
    ALIBABA_CLOUD_SECURITY_TOKEN: '"s3cret-token"',
    ALIBABA_CLOUD_CREDENTIALS_URI: 'http://127.0.0.1/x\r\n',
  });

  expect(identities).toEqual([
    { type: 'sts', ...pair, securityToken: 's3cret-token' },
    { type: 'credentials_uri', uri: 'http://127.0.0.1/x' },
  ]);
  expect(warnings).toEqual([
    'ALIBABA_CLOUD_ACCESS_KEY_ID (environment variable) has white space or a line break around its value, which is ignored.',
    expect.stringContaining('ALIBABA_CLOUD_ACCESS_KEY_SECRET (environment variable) has white space or a line break'),
    expect.stringContaining('ALIBABA_CLOUD_SECURITY_TOKEN (environment variable) has quotes around its value'),
    expect.stringContaining('ALIBABA_CLOUD_CREDENTIALS_URI (environment variable) has white space'),
  ]);
});

test('reads the parameters of STS requests without white space and quotes', () => {
  const environment = {
    ALIBABA_CLOUD_ROLE_SESSION_NAME: 'me\n',
    ALIBABA_CLOUD_STS_REGION: '"cn-hangzhou"',
    ALIBABA_CLOUD_VPC_ENDPOINT_ENABLED: 'TRUE ',
  };

  expect(readStsDefaults(createMachine(environment, {}))).toEqual({
    roleSessionName: 'me',
    stsRegionId: 'cn-hangzhou',
    vpc: true,
  });
  expect(readStsDefaults(createMachine({}, {}))).toEqual({});
});

test.each([
  [
    { ALIBABA_CLOUD_ACCESS_KEY_ID: 'FakeId' },
    'ALIBABA_CLOUD_ACCESS_KEY_SECRET must be a non-empty string, but it is not set.',
  ],
  [{ ALIBABA_CLOUD_ACCESS_KEY_SECRET: 's3cret-key' }, 'ALIBABA_CLOUD_ACCESS_KEY_ID must be a non-empty string, but'],
  [
    { ALIBABA_CLOUD_ROLE_ARN: arn, ALIBABA_CLOUD_OIDC_TOKEN_FILE: '/t' },
    'ALIBABA_CLOUD_OIDC_PROVIDER_ARN must be the ARN of an OIDC provider, but it is not set.',
  ],
  [{ ALIBABA_CLOUD_CREDENTIALS_URI: 's3cret-host' }, 'ALIBABA_CLOUD_CREDENTIALS_URI must be a URL'],
  [
    { ALIBABA_CLOUD_CREDENTIALS_FILE: '/nowhere' },
    'credentials file at /nowhere (ALIBABA_CLOUD_CREDENTIALS_FILE), got no file',
  ],
] as const)('reports half a source in %j', (environment, problem) => {
  const found = find(environment);

  expect(found.identities).toEqual([]);
  expect(found.problems).toEqual([expect.stringContaining(problem)]);
  expect(found.warnings).toEqual([
    expect.stringMatching(/The next source of the default credentials chain is used\.$/u),
  ]);
});

test('reads OIDC and the metadata role from the variables of Kubernetes and of the library', () => {
  const { identities } = find({
    ALIBABA_CLOUD_ROLE_ARN: arn,
    ALIBABA_CLOUD_OIDC_PROVIDER_ARN: 'acs:ram::1:oidc-provider/ack',
    ALIBABA_CLOUD_OIDC_TOKEN_FILE: '/token',
    ALIBABA_CLOUD_ECS_METADATA_DISABLED: 'false',
    ALIBABA_CLOUD_ECS_METADATA: 'reader',
  });

  expect(identities).toEqual([
    {
      type: 'oidc_role_arn',
      roleArn: arn,
      oidcProviderArn: 'acs:ram::1:oidc-provider/ack',
      oidcTokenFilePath: '/token',
    },
    { type: 'ecs_ram_role', roleName: 'reader' },
  ]);
});

test.each([
  [
    { mode: 'AK', ...key },
    { type: 'ak', ...pair },
  ],
  [
    { mode: 'AK', access_key_id: ' FakeId', access_key_secret: 's3cret-key\n' },
    { type: 'ak', ...pair },
  ],
  [
    { mode: 'StsToken', ...key, sts_token: 's3cret-t' },
    { type: 'sts', ...pair, securityToken: 's3cret-t' },
  ],
  [
    {
      mode: 'RamRoleArn',
      ...key,
      ram_role_arn: arn,
      ram_session_name: 'me',
      expired_seconds: 900,
      sts_region: '',
      sts_endpoint: 'sts.test:8443',
      enable_vpc: false,
    },
    {
      type: 'ram_role',
      ...pair,
      roleArn: arn,
      roleSessionName: 'me',
      durationSeconds: 900,
      stsEndpoint: 'sts.test:8443',
      vpc: false,
    },
  ],
  [
    { mode: 'RamRoleArn', ...key, ram_role_arn: arn, expired_seconds: 0 },
    { type: 'ram_role', ...pair, roleArn: arn },
  ],
  [
    { mode: 'EcsRamRole', ram_role_name: 'reader' },
    { type: 'ecs_ram_role', roleName: 'reader' },
  ],
  [
    { mode: 'OIDC', ram_role_arn: arn, oidc_provider_arn: 'acs:ram::1:oidc-provider/a', oidc_token_file: '/t' },
    { type: 'oidc_role_arn', roleArn: arn, oidcProviderArn: 'acs:ram::1:oidc-provider/a', oidcTokenFilePath: '/t' },
  ],
])('reads a profile of the CLI, number %#', (profile, identity) => {
  expect(find({}, cli(profile))).toEqual({ identities: [identity], problems: [], warnings: [] });
});

test('reads a profile whose role is assumed with another profile', () => {
  const { identities, problems } = find(
    {},
    cli(
      { mode: 'ChainableRamRoleArn', source_profile: 'base', ram_role_arn: arn, ram_session_name: 'me' },
      { name: 'base', mode: 'AK', ...key },
    ),
  );

  expect(problems).toEqual([]);
  expect(identities).toEqual([
    {
      type: 'chained_role',
      role: { type: 'ram_role', roleArn: arn, roleSessionName: 'me' },
      source: { type: 'ak', ...pair },
    },
  ]);
});

test.each([
  { mode: 'External', process_command: 'tool --json' },
  {
    mode: 'CloudSSO',
    cloud_sso_sign_in_url: 'https://x',
    cloud_sso_account_id: '1',
    cloud_sso_access_config: 'ac',
    access_token: 's3cret-token',
    cloud_sso_access_token_expire: date / 1_000 + 60,
  },
  { mode: 'OAuth', oauth_site_type: 'cn', oauth_refresh_token: 's3cret-token' },
  {
    mode: 'OAuth',
    oauth_site_type: 'INTL',
    oauth_access_token: 's3cret-t',
    oauth_access_token_expire: date / 1_000 + 9,
  },
])('passes a login or a command of a profile to the library, number %#', (profile) => {
  const { identities, problems } = find({}, cli(profile));

  expect(problems).toEqual([]);
  expect(identities).toMatchObject([{ type: 'cli_login', mode: profile.mode, name: 'default', profile }]);
});

test.each<[object, string]>([
  [{ mode: 'AK', access_key_id: 'FakeId' }, 'access_key_secret must be a non-empty string, but it is not set.'],
  [{ mode: 'AK', ...key, access_key_id: 7 }, 'access_key_id must be a non-empty string.'],
  [{ mode: 'StsToken', ...key }, 'sts_token must be a non-empty string, but it is not set.'],
  [
    { mode: 'StsToken', ...key, sts_token: 's3cret-t', sts_expiration: 1_767_225_600 },
    'the token expired on 2026-01-01T0',
  ],
  [
    { mode: 'RamRoleArn', ...key, ram_role_arn: 'reader' },
    'ram_role_arn must be the ARN of a RAM role, got a string of 6',
  ],
  [{ mode: 'ram_role_arn', ...key }, 'the mode must be one of AK, StsToken, RamRoleArn, EcsRamRole, OIDC, Chai'],
  [{ mode: 'ram_role_arn', ...key }, 'Did you mean "RamRoleArn"?'],
  [{ mode: 's3cret-mode' }, 'the mode must be one of AK'],
  [{}, 'the mode must be one of AK'],
  [{ mode: 'ChainableRamRoleArn', ram_role_arn: arn }, 'source_profile must be the name of another profile'],
  [
    { mode: 'ChainableRamRoleArn', ram_role_arn: arn, source_profile: 'no' },
    'there is no profile "no", which source_profile',
  ],
  [
    { mode: 'ChainableRamRoleArn', ram_role_arn: arn, source_profile: 'default' },
    'refers to itself: default, default.',
  ],
  [{ mode: 'External' }, 'process_command must be a non-empty string, but it is not set.'],
  [{ mode: 'CloudSSO', cloud_sso_sign_in_url: 'https://x' }, 'cloud_sso_account_id must be'],
  [
    {
      mode: 'CloudSSO',
      cloud_sso_sign_in_url: 'https://x',
      cloud_sso_account_id: '1',
      cloud_sso_access_config: 'ac',
      access_token: 's3cret-token',
      cloud_sso_access_token_expire: date / 1_000,
    },
    'the login has ended. Log in again with `aliyun configure --mode CloudSSO --profile default`.',
  ],
  [{ mode: 'OAuth', oauth_site_type: 'DE', oauth_refresh_token: 's3cret-t' }, 'oauth_site_type must be CN or INTL.'],
  [{ mode: 'OAuth', oauth_site_type: 'CN', oauth_access_token: 's3cret-t' }, 'the login has ended.'],
])('reports a broken profile of the CLI with file, line and profile, number %#', (profile, problem) => {
  const found = find({}, cli({ name: 'other', mode: 'AK', ...key }, profile));

  expect(found.identities).toEqual([]);
  expect(found.problems).toEqual([expect.stringContaining(problem)]);
  expect(found.problems[0]).toContain(`${cliFile}:3: in the profile "default", `);
});

test.each<[string, string, string]>([
  [
    'cut off',
    '{"current":"default",\n"profiles":[{"access_key_secret":"s3cret-1"',
    `${cliFile}:2: the file is not valid JSON`,
  ],
  ['empty', '', `${cliFile}:1: the file is not valid JSON (character 1)`],
  ['without profiles', '{"profiles":[]}', `${cliFile}:1: the file has no profiles.`],
  ['a list', '["s3cret-1"]', `${cliFile}:1: the file has no profiles.`],
])('reports a configuration of the CLI that is %s', (_, text, problem) => {
  const found = find({}, { [cliFile]: text });

  expect(found.problems).toEqual([expect.stringContaining(problem)]);
  expect(found.problems[0]).toContain('write it again with `aliyun configure`');
});

test.each([
  ['utf-8', 'utf8'],
  ['utf-16', 'utf16le'],
] as const)('reads a configuration of the CLI with a byte order mark in %s', (_, encoding) => {
  const text = cli({ mode: 'AK', ...key })[cliFile] ?? '';

  expect(find({}, { [cliFile]: Buffer.from(`\uFEFF${text}`, encoding) }).identities).toEqual([{ type: 'ak', ...pair }]);
});

test('reports a profile that the CLI does not have, and who names it', () => {
  const files = cli({ mode: 'AK', ...key }, { name: 'dev', mode: 'AK', ...key });

  expect(find({ ALIBABA_CLOUD_PROFILE: 'prod' }, files).problems).toEqual([
    `${cliFile}: there is no profile "prod", which ALIBABA_CLOUD_PROFILE names. Profiles: default, dev.`,
  ]);
  expect(find({}, { [cliFile]: '{"current":"prod","profiles":[{"name":"dev"}]}' }).problems).toEqual([
    `${cliFile}: there is no profile "prod", which "current" names. Profiles: dev.`,
  ]);
  expect(find({ ALIBABA_CLOUD_PROFILE: 'dev' }, files).identities).toHaveLength(1);
  expect(find({ ALIBABA_CLOUD_CLI_PROFILE_DISABLED: 'TRUE' }, files).identities).toEqual([]);
});

test('a profile may be in either file', () => {
  const files = {
    ...cli({ mode: 'AK', ...key }),
    [credentialsFile]: '[prod]\ntype=access_key\naccess_key_id=FakeId\naccess_key_secret=s3cret-key',
  };

  expect(find({ ALIBABA_CLOUD_PROFILE: 'prod' }, files)).toEqual({
    identities: [{ type: 'ak', ...pair }],
    problems: [],
    warnings: [],
  });
  expect(find({}, files)).toMatchObject({ problems: [], warnings: [] });
});

test.each([
  ['access_key', 'access_key_id = FakeId # id\naccess_key_secret = s3cret-key', { type: 'ak', ...pair }],
  ['ecs_ram_role', 'role_name = reader', { type: 'ecs_ram_role', roleName: 'reader' }],
  ['ecs_ram_role', '', { type: 'ecs_ram_role' }],
  [
    'ram_role_arn',
    `access_key_id=FakeId\naccess_key_secret=s3cret-key\nrole_arn=${arn}\nrole_session_name=me`,
    { type: 'ram_role', ...pair, roleArn: arn, roleSessionName: 'me' },
  ],
])('reads a profile of type %s from the credentials file', (type, lines, identity) => {
  const text = `\uFEFF# comment\n[default]   # the profile\ntype = ${type} # kind\n${lines}\n`;

  expect(find({}, { [credentialsFile]: text })).toEqual({ identities: [identity], problems: [], warnings: [] });
  expect(find({ ALIBABA_CLOUD_CREDENTIALS_FILE: 'keys' }, { '/app/keys': text }).identities).toEqual([identity]);
});

test('reads a credentials file whose comments are not UTF-8', () => {
  const text = Buffer.concat([Buffer.from([0x23, 0xca, 0xfd, 0x0a]), Buffer.from('[default]\ntype=ecs_ram_role')]);

  expect(find({}, { [credentialsFile]: text }).identities).toEqual([{ type: 'ecs_ram_role' }]);
});

test.each([
  ['# none', `There is no profile [default] in ${credentialsFile}.`],
  ['[defaults]', `in ${credentialsFile}. Add it, or set ALIBABA_CLOUD_PROFILE; did you mean "defaults"?`],
  [
    '\n[default]\naccess_key_id=x',
    `${credentialsFile}:2: the profile [default] needs a type of access_key, ecs_ram_role, ram`,
  ],
  ['[default]\ntype=AccessKey', 'got another; did you mean "access_key"?'],
  ['[default]\ntype=s3cret-type', 'needs a type of access_key, ecs_ram_role, ram_role_arn, got another.'],
  [
    '[x]\n[default]\ntype=access_key\naccess_key_id=FakeId',
    `${credentialsFile}:2: in the profile [default], access_key_secret must be a non-empty string, but it is not set.`,
  ],
])('reports a broken profile of the credentials file, number %#', (text, problem) => {
  expect(find({}, { [credentialsFile]: text }).problems).toEqual([expect.stringContaining(problem)]);
});

test('ends with one punctuation mark after a suggestion', () => {
  const { problems } = find({}, { [credentialsFile]: '[default]\ntype=AccessKey' });

  expect(problems).toEqual([expect.stringMatching(/"access_key"\?$/u)]);
});

test.each([
  ['a directory', 'EISDIR', 1],
  ['unreadable', 'EACCES', 1],
  ['hidden by the permission model', 'ERR_ACCESS_DENIED', 0],
])('a file that is %s is a problem only if it can be seen', (_, code, count) => {
  const machine = createMachine({}, {});
  const sources = findDefaultSources(
    {
      ...machine,
      readFile(path) {
        throw Object.assign(new Error(path), { code });
      },
    },
    date,
  );

  expect(sources.filter(({ problem }: DefaultSource) => problem?.includes(cliFile) === true)).toHaveLength(count);
});

test('a machine without a home directory has no profiles', () => {
  const machine = createMachine({}, {});
  const homeless = {
    ...machine,
    homeDirectory(): string {
      throw new Error('no entry');
    },
  };

  expect(findDefaultSources(homeless, date).map(({ name }) => name)).toContain('~/.aliyun/config.json');
});
