import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { collectSettings } from './settings.ts';
import type { CollectedSettings } from './settings.ts';

type Texts = Readonly<Record<string, string>>;

/** Checks that no issue and no warning shows a secret. */
function collect(
  { environment = {}, files = {} }: { readonly environment?: Texts; readonly files?: Texts },
  options: object = {},
): CollectedSettings {
  const collected = collectSettings(options, {
    environment,
    workingDirectory: () => '/app',
    readFile(path) {
      const text = files[path];
      if (text === undefined) throw Object.assign(new Error(path), { code: 'ENOENT' });
      return Buffer.from(text);
    },
  });
  expect(inspect([collected.issues, collected.warnings], { depth: 9 })).not.toContain('s3cret-');
  return collected;
}

function toProperties(texts: Texts): string {
  return Object.entries(texts)
    .map(([key, value]) => `${key}=${value}`)
    .join('\n');
}

const accessKeyTexts = { credentials_access_key_id: 'FakeId', credentials_access_secret: 's3cret-key' };
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

/** A `credentials_type`, its keys, and the resulting identity. */
const identities: readonly (readonly [string, Texts, object])[] = [
  ['ak', accessKeyTexts, { type: 'ak', ...key }],
  ['sts', { ...accessKeyTexts, ...role }, { type: 'ram_role', ...key, ...session }],
  [
    'sts',
    { ...accessKeyTexts, credentials_security_token: 's3cret-token' },
    { type: 'sts', ...key, securityToken: 's3cret-token' },
  ],
  ['ram_role', { ...accessKeyTexts, ...role, ...sts }, { type: 'ram_role', ...key, ...session, ...stsOptions }],
  [
    'ram_role',
    { ...accessKeyTexts, credentials_role_arn: 'acs:ram::1:role/reader', credentials_security_token: 's3cret-token' },
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

test.each(identities)('reads %s from the environment, the default file and a configured file, number %#', (...row) => {
  const [type, keys, identity] = row;
  const texts = { credentials_type: type, ...keys };

  const everySource = [
    collect({ environment: texts }),
    collect({ files: { '/app/secretsmanager.properties': toProperties(texts) } }),
    collect({ files: { '/etc/kms': toProperties(texts) } }, { configFile: '/etc/kms' }),
    collect({ files: { '/etc/kms': toProperties(texts) }, environment: { KMS_SECRETS_CONFIG_FILE: '/etc/kms' } }),
  ];

  for (const { layers, issues, warnings } of everySource) {
    expect(issues).toEqual([]);
    expect(warnings).toEqual([]);
    expect(layers.map((layer) => layer.get('credentials')?.value).find((value) => value !== undefined)).toEqual(
      identity,
    );
  }
});

/** Every required key of every type. */
const requiredKeys = identities.flatMap(([type, keys]) =>
  Object.keys(keys)
    .filter((name) => !/session_name|policy|duration|sts_|role_name|password|security_token/u.test(name))
    .map((name) => [name, type, keys] as const),
);

test.each(requiredKeys)('rejects a missing or empty %s of %s', (name, type, keys) => {
  const incomplete: Texts = Object.fromEntries(Object.entries(keys).filter(([other]) => other !== name));

  for (const texts of [incomplete, { ...keys, [name]: '  ' }]) {
    const { issues } = collect({ environment: { ...texts, credentials_type: type } });
    expect(issues).toMatchObject([{ key: name, source: name }]);
    expect(issues[0]?.expected).toContain(`because credentials_type is ${type}`);
  }
});

test.each(requiredKeys)('warns about a misspelt %s of %s', (name, type, keys) => {
  const misspelt = `${name}s`;
  const texts = { credentials_type: type, ...keys, [name]: '', [misspelt]: 's3cret-value' };

  const inEnvironment = collect({ environment: texts });
  const inFile = collect({ files: { '/app/secretsmanager.properties': toProperties(texts) } });

  for (const { issues, warnings } of [inEnvironment, inFile]) {
    expect(issues).toMatchObject([{ key: name }]);
    expect(warnings.join('\n')).toContain(`Did you mean "${name}"?`);
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
])('reports the line of an invalid %s', (name, value, type) => {
  const texts = { ...accessKeyTexts, ...role, ...oidc, [name]: value };
  const lines = Object.entries(texts).map(([other, text]) => `${other}=${text}`);
  const line = Object.keys(texts).indexOf(name) + 2;

  const { issues } = collect({
    files: { '/app/secretsmanager.properties': [`credentials_type=${type}`, ...lines].join('\n') },
  });

  expect(issues).toMatchObject([{ key: name, source: `secretsmanager.properties:${line}` }]);
});

test('suggests a type', () => {
  const { issues } = collect({ environment: { ...accessKeyTexts, credentials_type: 'Ram-Role' } });

  expect(issues).toMatchObject([{ key: 'credentials_type' }]);
  expect(issues[0]?.expected).toContain('did you mean "ram_role"?');
});

test('takes the keys of oidc_role_arn from the variables of Kubernetes', () => {
  const environment = {
    credentials_type: 'oidc_role_arn',
    ALIBABA_CLOUD_ROLE_ARN: 'acs:ram::1:role/pod',
    ALIBABA_CLOUD_OIDC_PROVIDER_ARN: 'acs:ram::1:oidc-provider/ack',
    ALIBABA_CLOUD_OIDC_TOKEN_FILE: '/var/run/token',
  };

  const { layers, issues } = collect({ environment });
  const own = collect({ environment: { ...environment, credentials_role_arn: 'acs:ram::1:role/own' } });

  expect(issues).toEqual([]);
  expect(layers[1]?.get('credentials')).toEqual({
    value: {
      type: 'oidc_role_arn',
      roleArn: 'acs:ram::1:role/pod',
      oidcProviderArn: 'acs:ram::1:oidc-provider/ack',
      oidcTokenFilePath: '/var/run/token',
    },
    source: 'credentials_type',
  });
  expect(own.layers[1]?.get('credentials')?.value).toMatchObject({ roleArn: 'acs:ram::1:role/own' });
});

test('uses a token as an access key, like the official clients, with a warning', () => {
  const environment = {
    credentials_type: 'token',
    credentials_access_token_id: 'FakeId',
    credentials_access_token: 's3cret-key',
  };

  const { layers, issues, warnings } = collect({ environment });
  const incomplete = collect({ environment: { ...environment, credentials_access_token: '' } });

  expect(issues).toEqual([]);
  expect(layers[1]?.get('credentials')?.value).toEqual({ type: 'ak', ...key });
  expect(warnings).toEqual([expect.stringContaining('deprecated')]);
  expect(incomplete.issues).toMatchObject([{ key: 'credentials_access_token' }]);
});

test('reads the password from the variable if it is set, otherwise from the file', () => {
  const environment = {
    credentials_type: 'client_key',
    client_key_private_key_path: '/k.json',
    client_key_password_from_env_variable: 'KMS_PASSWORD',
    client_key_password_from_file_path: '/p',
    client_key_password: 's3cret-p',
  };
  const credentialsOf = ({ layers }: CollectedSettings): unknown => layers[1]?.get('credentials')?.value;

  const withVariable = collect({ environment: { ...environment, KMS_PASSWORD: 's3cret-1' } });
  const withoutVariable = collect({ environment });

  expect(withVariable.issues).toEqual([]);
  expect(credentialsOf(withVariable)).toEqual({
    type: 'client_key',
    clientKeyFile: '/k.json',
    passwordFromEnvVariable: 'KMS_PASSWORD',
  });
  expect(withVariable.warnings).toEqual([
    'client_key_password_from_file_path (environment variable) is not used: the password is read from the variable KMS_PASSWORD.',
  ]);
  expect(credentialsOf(withoutVariable)).toEqual({
    type: 'client_key',
    clientKeyFile: '/k.json',
    passwordFromFilePath: '/p',
  });
  expect(withoutVariable.warnings).toEqual([
    expect.stringContaining('client_key_password_from_env_variable (environment variable) is not used'),
  ]);
});

test('the name of a password variable that is not set is not shown, because it may be the password', () => {
  const { warnings } = collect({
    environment: {
      credentials_type: 'client_key',
      client_key_private_key_path: '/k.json',
      client_key_password_from_env_variable: 's3cret-password',
      client_key_password_from_file_path: '/p',
    },
  });

  expect(warnings).toHaveLength(1);
});

test('resolves paths from the directory of the file, then the working directory', () => {
  const text = toProperties({
    credentials_type: 'client_key',
    client_key_private_key_path: 'k.json',
    client_key_password_from_file_path: 'p',
  });

  const { layers } = collect(
    { files: { '/etc/kms/x.properties': text, '/etc/kms/k.json': '{}', '/app/p': 's3cret-p' } },
    { configFile: '/etc/kms/x.properties' },
  );

  expect(layers[2]?.get('credentials')?.value).toMatchObject({
    clientKeyFile: '/etc/kms/k.json',
    passwordFromFilePath: '/app/p',
  });
});

test('accepts a Windows path and rejects one without its backslashes', () => {
  const file = (path: string): CollectedSettings =>
    collect({
      files: {
        '/app/secretsmanager.properties': toProperties({
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
