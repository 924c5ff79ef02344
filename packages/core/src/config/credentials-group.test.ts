import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import type { GatheredSettings } from './sources.ts';
import { gatherSettings } from './sources.ts';

type Texts = Readonly<Record<string, string>>;

function gather(world: { readonly environment?: Texts; readonly files?: Texts }, given: object = {}): GatheredSettings {
  const { environment = {}, files = {} } = world;
  const gathered = gatherSettings(given, {
    environment,
    workingDirectory: () => '/app',
    readFile(path) {
      const text = files[path];
      if (text === undefined) throw Object.assign(new Error(path), { code: 'ENOENT' });
      return Buffer.from(text);
    },
  });
  expect(inspect([gathered.issues, gathered.warnings], { depth: 9 })).not.toContain('s3cret-');
  return gathered;
}

function propertiesOf(texts: Texts): string {
  return Object.entries(texts)
    .map(([key, value]) => `${key}=${value}`)
    .join('\n');
}

const pair = { credentials_access_key_id: 'FakeId', credentials_access_secret: 's3cret-key' };
const key = { accessKeyId: 'FakeId', accessKeySecret: 's3cret-key' };
const role = { credentials_role_arn: 'acs:ram::1:role/reader', credentials_role_session_name: 'my-service' };
const sts = {
  credentials_policy: '{"Version":"1"}',
  credentials_duration_seconds: '1800',
  credentials_sts_endpoint: 'sts.test',
  credentials_sts_region_id: 'cn-hangzhou',
};
const oidc = {
  credentials_oidc_provider_arn: 'acs:ram::1:oidc-provider/ack',
  credentials_oidc_token_file_path: '/token',
};
const session = { roleArn: 'acs:ram::1:role/reader', roleSessionName: 'my-service' };
const stsOptions = {
  policy: '{"Version":"1"}',
  durationSeconds: '1800',
  stsEndpoint: 'sts.test',
  stsRegionId: 'cn-hangzhou',
};

/** `credentials_type`, the keys that go with it, and the identity that it is. */
const identities: readonly (readonly [string, Texts, object])[] = [
  ['ak', pair, { type: 'ak', ...key }],
  ['sts', { ...pair, ...role }, { type: 'ram_role', ...key, ...session }],
  [
    'sts',
    { ...pair, credentials_security_token: 's3cret-token' },
    { type: 'sts', ...key, securityToken: 's3cret-token' },
  ],
  ['ram_role', { ...pair, ...role, ...sts }, { type: 'ram_role', ...key, ...session, ...stsOptions }],
  [
    'ram_role',
    { ...pair, credentials_role_arn: 'acs:ram::1:role/reader', credentials_security_token: 's3cret-token' },
    { type: 'ram_role', ...key, securityToken: 's3cret-token', roleArn: 'acs:ram::1:role/reader' },
  ],
  ['ecs_ram_role', { credentials_role_name: 'reader' }, { type: 'ecs_ram_role', roleName: 'reader' }],
  ['ecs_ram_role', {}, { type: 'ecs_ram_role' }],
  [
    'oidc_role_arn',
    { ...role, ...oidc, ...sts },
    {
      type: 'oidc_role_arn',
      ...session,
      ...stsOptions,
      oidcProviderArn: 'acs:ram::1:oidc-provider/ack',
      oidcTokenFilePath: '/token',
    },
  ],
  [
    'client_key',
    { client_key_private_key_path: '/k.json', client_key_password_from_env_variable: 'PASSWORD' },
    { type: 'client_key', clientKeyFile: '/k.json', passwordFromEnvVariable: 'PASSWORD' },
  ],
  [
    'client_key',
    {
      client_key_private_key_path: '/k.json',
      client_key_password_from_file_path: '/p',
      client_key_password: 's3cret-p',
    },
    { type: 'client_key', clientKeyFile: '/k.json', passwordFromFilePath: '/p' },
  ],
  [
    'client_key',
    { client_key_private_key_path: '/k.json', client_key_password: 's3cret-p' },
    { type: 'client_key', clientKeyFile: '/k.json', password: 's3cret-p' },
  ],
  ['client_key', { client_key_private_key_path: '/k.json' }, { type: 'client_key', clientKeyFile: '/k.json' }],
];

test.each(identities)('%s is read from the environment, the usual file and a custom one, number %#', (...row) => {
  const [type, keys, identity] = row;
  const texts = { credentials_type: type, ...keys };

  const worlds = [
    gather({ environment: texts }),
    gather({ files: { '/app/secretsmanager.properties': propertiesOf(texts) } }),
    gather({ files: { '/etc/kms': propertiesOf(texts) } }, { configFile: '/etc/kms' }),
    gather({ files: { '/etc/kms': propertiesOf(texts) }, environment: { KMS_SECRETS_CONFIG_FILE: '/etc/kms' } }),
  ];

  for (const { layers, issues, warnings } of worlds) {
    expect(issues).toEqual([]);
    expect(warnings).toEqual([]);
    expect(layers.map((layer) => layer.get('credentials')?.value).find((value) => value !== undefined)).toEqual(
      identity,
    );
  }
});

/** Each key that a type needs, missing or empty. */
const needed = identities.flatMap(([type, keys]) =>
  Object.keys(keys)
    .filter((name) => !/session_name|policy|duration|sts_|role_name|password|security_token/u.test(name))
    .map((name) => [name, type, keys] as const),
);

test.each(needed)('%s is missed by %s, and an empty one is a missing one', (name, type, keys) => {
  const wanting: Texts = Object.fromEntries(Object.entries(keys).filter(([other]) => other !== name));

  for (const texts of [wanting, { ...keys, [name]: '  ' }]) {
    const { issues } = gather({ environment: { ...texts, credentials_type: type } });
    expect(issues).toMatchObject([{ key: name, source: `variable ${name}` }]);
    expect(issues[0]?.expected).toContain(`because credentials_type is ${type}`);
  }
});

test.each(needed)('%s of %s is warned about where a letter of it is wrong', (name, type, keys) => {
  const misspelt = `${name}s`;
  const texts = { credentials_type: type, ...keys, [name]: '', [misspelt]: 's3cret-value' };

  const inEnvironment = gather({ environment: texts });
  const inFile = gather({ files: { '/app/secretsmanager.properties': propertiesOf(texts) } });

  for (const { issues, warnings } of [inEnvironment, inFile]) {
    expect(issues).toMatchObject([{ key: name }]);
    expect(warnings.join('\n')).toContain(`Is "${name}" meant?`);
  }
});

test.each([
  ['credentials_role_arn', 'reader', 'ram_role'],
  ['credentials_role_session_name', '!', 'ram_role'],
  ['credentials_duration_seconds', 'soon', 'ram_role'],
  ['credentials_duration_seconds', '60', 'ram_role'],
  ['credentials_policy', 's3cret-policy', 'ram_role'],
  ['credentials_sts_endpoint', 'http://sts.test/', 'oidc_role_arn'],
  ['credentials_sts_region_id', 'Hangzhou!', 'oidc_role_arn'],
  ['credentials_oidc_provider_arn', 'ack', 'oidc_role_arn'],
])('%s that is no such thing is told by its line', (name, value, type) => {
  const texts = { ...pair, ...role, ...oidc, [name]: value };
  const lines = Object.entries(texts).map(([other, text]) => `${other}=${text}`);
  const line = Object.keys(texts).indexOf(name) + 2;

  const { issues } = gather({
    files: { '/app/secretsmanager.properties': [`credentials_type=${type}`, ...lines].join('\n') },
  });

  expect(issues).toMatchObject([{ key: name, source: `secretsmanager.properties:${line}` }]);
});

test('a type that is nearly one is asked about', () => {
  const { issues } = gather({ environment: { ...pair, credentials_type: 'Ram-Role' } });

  expect(issues).toMatchObject([{ key: 'credentials_type' }]);
  expect(issues[0]?.expected).toContain('is ram_role meant?');
});

test('a pod with a RAM role needs no more than the type: the rest is in the variables that Kubernetes sets', () => {
  const environment = {
    credentials_type: 'oidc_role_arn',
    ALIBABA_CLOUD_ROLE_ARN: 'acs:ram::1:role/pod',
    ALIBABA_CLOUD_OIDC_PROVIDER_ARN: 'acs:ram::1:oidc-provider/ack',
    ALIBABA_CLOUD_OIDC_TOKEN_FILE: '/var/run/token',
  };

  const { layers, issues } = gather({ environment });
  const own = gather({ environment: { ...environment, credentials_role_arn: 'acs:ram::1:role/own' } });

  expect(issues).toEqual([]);
  expect(layers[1]?.get('credentials')).toEqual({
    value: {
      type: 'oidc_role_arn',
      roleArn: 'acs:ram::1:role/pod',
      oidcProviderArn: 'acs:ram::1:oidc-provider/ack',
      oidcTokenFilePath: '/var/run/token',
    },
    source: 'variable credentials_type',
  });
  expect(own.layers[1]?.get('credentials')?.value).toMatchObject({ roleArn: 'acs:ram::1:role/own' });
});

test('a token is an access key, as with the official clients, and is said to be deprecated', () => {
  const environment = {
    credentials_type: 'token',
    credentials_access_token_id: 'FakeId',
    credentials_access_token: 's3cret-key',
  };

  const { layers, issues, warnings } = gather({ environment });
  const half = gather({ environment: { ...environment, credentials_access_token: '' } });

  expect(issues).toEqual([]);
  expect(layers[1]?.get('credentials')?.value).toEqual({ type: 'ak', ...key });
  expect(warnings).toEqual([expect.stringContaining('deprecated')]);
  expect(half.issues).toMatchObject([{ key: 'credentials_access_token' }]);
});

test('both sources of a password are a mistake that is named', () => {
  const { issues } = gather({
    environment: {
      credentials_type: 'client_key',
      client_key_private_key_path: '/k.json',
      client_key_password_from_env_variable: 'PASSWORD',
      client_key_password_from_file_path: '/p',
    },
  });

  expect(issues).toMatchObject([{ key: 'client_key_password_from_env_variable' }]);
  expect(issues[0]?.expected).toContain('not 2');
});

test('relative paths are meant from the file that names them, then from the working directory', () => {
  const text = propertiesOf({
    credentials_type: 'client_key',
    client_key_private_key_path: 'k.json',
    client_key_password_from_file_path: 'p',
  });

  const { layers } = gather(
    { files: { '/etc/kms/x.properties': text, '/etc/kms/k.json': '{}', '/app/p': 's3cret-p' } },
    { configFile: '/etc/kms/x.properties' },
  );

  expect(layers[2]?.get('credentials')?.value).toMatchObject({
    clientKeyFile: '/etc/kms/k.json',
    passwordFromFilePath: '/app/p',
  });
});

test('a path of Windows is left as it is, and one that has lost its backslashes is told', () => {
  const file = (path: string): GatheredSettings =>
    gather({
      files: {
        '/app/secretsmanager.properties': propertiesOf({
          credentials_type: 'client_key',
          client_key_private_key_path: path,
        }),
      },
    });

  expect(file(String.raw`C:\\keys\\k.json`).layers[2]?.get('credentials')?.value).toMatchObject({
    clientKeyFile: String.raw`C:\keys\k.json`,
  });
  expect(file('C:/keys/k.json').layers[2]?.get('credentials')?.value).toMatchObject({
    clientKeyFile: 'C:/keys/k.json',
  });
  expect(file(String.raw`C:\keys\k.json`).issues).toMatchObject([
    { key: 'client_key_private_key_path', source: 'secretsmanager.properties:2' },
  ]);
});
