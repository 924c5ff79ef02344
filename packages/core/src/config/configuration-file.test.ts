import { expect, test } from 'vitest';
import type { CollectedSettings } from './settings.ts';
import { collectSettings } from './settings.ts';

type Texts = Readonly<Record<string, string>>;

/** Collects the settings of the environment and of the default file. */
function collect(environment: Texts, file?: string | Uint8Array): CollectedSettings {
  return collectSettings(
    {},
    {
      environment,
      workingDirectory: () => '/app',
      readFile(path) {
        if (file === undefined || path !== '/app/secretsmanager.properties') {
          throw Object.assign(new Error(path), { code: 'ENOENT' });
        }
        return typeof file === 'string' ? Buffer.from(file) : file;
      },
    },
  );
}

/** The first value of an option in the order of precedence. */
function valueOf({ layers }: CollectedSettings, option: string): unknown {
  return layers.map((layer) => layer.get(option)?.value).find((value) => value !== undefined);
}

/** `数据` in GBK. */
const gbk = Buffer.from([0xca, 0xfd, 0xbe, 0xdd]);

/** The bytes of a file: texts as ASCII, and `gbk`. */
function bytes(...parts: readonly (string | Buffer)[]): Buffer {
  return Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)));
}

test('reads a file whose comments are in GBK, without a warning', () => {
  const collected = collect({}, bytes('# ', gbk, '\nsecret_names=db\n# C:\\users ', gbk));

  expect(collected.issues).toEqual([]);
  expect(collected.warnings).toEqual([]);
  expect(valueOf(collected, 'preload')).toBe('db');
});

test('warns about a value in GBK with its key and line, and does not show it', () => {
  const file = bytes('secret_names=', gbk, '\nKMS_SECRETS_STAGE=', gbk, '\nKMS_SECRETS_STAGE=x\n', gbk, '=1');

  const { issues, warnings } = collect({}, file);

  expect(issues).toEqual([]);
  expect(warnings).toEqual([
    'secretsmanager.properties:1: secret_names contains characters outside ASCII, and the file is not UTF-8. They are read as ISO-8859-1, as by Java. Save the file as UTF-8, or write them as \\uXXXX.',
    expect.stringContaining('KMS_SECRETS_STAGE is set again in line 3'),
    'secretsmanager.properties:4: unknown key, ignored.',
  ]);
});

test.each([
  ['utf-8', Buffer.from('\uFEFFsecret_names=数据')],
  ['utf-16le', Buffer.from('\uFEFFsecret_names=数据', 'utf16le')],
  ['utf-16be', Buffer.from('\uFEFFsecret_names=数据', 'utf16le').swap16()],
  ['escapes', Buffer.concat([Buffer.from('secret_names=\\u6570\\u636e\n# '), gbk])],
])('reads a file in %s', (_, file) => {
  const collected = collect({}, file);

  expect(collected.warnings).toEqual([]);
  expect(valueOf(collected, 'preload')).toBe('数据');
});

test.each(['"', "'"])('ignores %s around a value, with a warning', (quote) => {
  const texts = {
    cache_client_region_id: `${quote}[{"regionId":"cn-hangzhou"}]${quote}`,
    credentials_access_key_id: `${quote}FakeId${quote}`,
    credentials_access_secret: ` ${quote}s3cret-key${quote}\n`,
    KMS_SECRETS_TTL: `${quote}5m${quote}`,
  };
  const file = Object.entries(texts)
    .map(([key, value]) => `${key}=${value.trim()}`)
    .join('\n');

  const fromEnvironment = collect(texts);
  const fromFile = collect({}, file);

  for (const collected of [fromEnvironment, fromFile]) {
    expect(collected.issues).toEqual([]);
    expect(valueOf(collected, 'endpoints')).toEqual([{ regionId: 'cn-hangzhou' }]);
    expect(valueOf(collected, 'credentials')).toEqual({
      type: 'ak',
      accessKeyId: 'FakeId',
      accessKeySecret: 's3cret-key',
    });
    expect(valueOf(collected, 'ttl')).toBe('5m');
    expect(collected.warnings).toHaveLength(4);
    expect(collected.warnings.join('\n')).not.toMatch(/s3cret|FakeId/u);
  }
  expect(fromEnvironment.warnings[0]).toBe(
    'cache_client_region_id (environment variable) has quotes around its value, which are ignored. docker --env-file and properties files keep quotes: remove them.',
  );
  expect(fromFile.warnings[0]).toContain('cache_client_region_id (secretsmanager.properties:1) has quotes');
});

test.each([
  ['escaped JSON in quotes', String.raw`"[{\"regionId\":\"cn-hangzhou\"}]"`],
  ['JSON in the same quotes', '"[{"regionId":"cn-hangzhou"}]"'],
])('reads %s', (_, text) => {
  expect(valueOf(collect({ cache_client_region_id: text }), 'endpoints')).toEqual([{ regionId: 'cn-hangzhou' }]);
});

test('warns about a comment behind a value, which Python would cut off', () => {
  const { warnings } = collect({}, 'credentials_type=ak # ours\nsecret_names=a#b\nclient_key_password=a #b');

  expect(warnings).toEqual([
    'credentials_type (secretsmanager.properties:1) contains a "#" that begins no comment: it is part of the value. Write the comment on a line of its own.',
  ]);
});

test.each([
  ['client_key_password', '"s3cret"'],
  ['secret_names', '"a","b"'],
  ['KMS_SECRETS_STAGE', '"'],
])('keeps the quotes of %s=%s', (key, value) => {
  expect(collect({ [key]: value }).warnings).toEqual([]);
});

test.each([
  ['CACHE_CLIENT_REGION_ID', 'cache_client_region_id'],
  ['Credentials_Type', 'credentials_type'],
  ['kms_secrets_ttl', 'KMS_SECRETS_TTL'],
  ['CLIENT_KEY_PASSWORD', 'client_key_password'],
])('suggests another case for the variable or key %s', (name, suggestion) => {
  expect(collect({ [name]: 'x' }).warnings).toEqual([`Unknown variable ${name}. Did you mean "${suggestion}"?`]);
  expect(collect({}, `${name}=x`).warnings).toEqual([
    `secretsmanager.properties:1: unknown key, ignored. Did you mean "${suggestion}"?`,
  ]);
});

test('says which variables and which file were searched for endpoints', () => {
  const variables = 'the variables cache_client_region_id and cache_client_dkms_config_info, and the file ';

  expect(collect({}).searched).toBe(`${variables}/app/secretsmanager.properties (no such file)`);
  expect(collect({}, 'a=1').searched).toBe(`${variables}/app/secretsmanager.properties`);
});

test('searches for no file if the working directory was removed', () => {
  const { searched, layers } = collectSettings(
    {},
    {
      environment: {},
      workingDirectory() {
        throw Object.assign(new Error('uv_cwd'), { code: 'ENOENT' });
      },
      readFile: () => Buffer.from('secret_names=db'),
    },
  );

  expect(searched).toContain('secretsmanager.properties (the working directory does not exist)');
  expect(layers.flatMap((layer) => [...layer.keys()])).toEqual([]);
});

test('a client key password keeps its quotes', () => {
  const type = { credentials_type: 'client_key', client_key_private_key_path: '/keys/a.json' };

  const collected = collect({ ...type, client_key_password: ' "s3cret" ' });

  expect(valueOf(collected, 'credentials')).toMatchObject({ password: '"s3cret"' });
});
