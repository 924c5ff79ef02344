import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { optionTable } from '../options/option-table.ts';
import type { OptionTable } from '../options/option-table.ts';
import { resolve } from '../options/resolve.ts';
import type { Resolution } from '../options/resolve.ts';
import { collectSettings } from './settings.ts';
import type { CollectedSettings } from './settings.ts';

type Texts = Readonly<Record<string, string>>;

/** Collects the settings of environment and files. Checks that no issue and no warning shows a secret. */
function collect({
  environment = {},
  files = {},
}: {
  readonly environment?: Texts;
  readonly files?: Texts;
}): CollectedSettings & Resolution<OptionTable> {
  const collected = collectSettings(
    {},
    {
      environment,
      workingDirectory: () => '/app',
      readFile(path) {
        const text = files[path];
        if (text === undefined) throw Object.assign(new Error(path), { code: 'ENOENT' });
        return Buffer.from(text);
      },
    },
  );
  const resolution = resolve(optionTable, collected.layers);
  const all = { ...collected, ...resolution, issues: [...collected.issues, ...resolution.issues] };
  expect(inspect([all.issues, all.warnings], { depth: 9 })).not.toContain('s3cret-');
  return all;
}

const defaultFile = '/app/secretsmanager.properties';
const instance = {
  regionId: 'cn-hangzhou',
  endpoint: 'kst-1.cryptoservice.kms.aliyuncs.com',
  clientKeyFile: '/k.json',
  passwordFromFilePath: '/p',
  ignoreSslCerts: false,
  caFilePath: '/ca.pem',
};
const address = {
  host: 'kst-1.cryptoservice.kms.aliyuncs.com',
  caFilePath: '/ca.pem',
  ignoreSslCerts: false,
  clientKey: { clientKeyFile: '/k.json', passwordFromFilePath: '/p' },
};

test('merges instances and regions, instances first', () => {
  const texts = {
    cache_client_dkms_config_info: JSON.stringify([instance]),
    cache_client_region_id: '[{"regionId":"cn-shanghai"}]',
  };
  const file = `cache_client_dkms_config_info=${texts.cache_client_dkms_config_info}\ncache_client_region_id=${texts.cache_client_region_id}`;

  const fromEnvironment = collect({ environment: texts });
  const fromFile = collect({ files: { [defaultFile]: file } });

  for (const { issues, warnings, values } of [fromEnvironment, fromFile]) {
    expect({ issues, warnings }).toEqual({ issues: [], warnings: [] });
    expect(values.endpoints).toEqual([
      address,
      { host: 'kms.cn-shanghai.aliyuncs.com', caFilePath: undefined, ignoreSslCerts: false },
    ]);
  }
  expect(fromFile.sources.get('endpoints')).toBe('secretsmanager.properties:1 and secretsmanager.properties:2');
});

test.each(['ignoreSslCerts', 'ignoreSSLCerts', 'ignoreSSL'])('%s disables the verification of certificates', (name) => {
  const environment = {
    cache_client_dkms_config_info: JSON.stringify([{ ...instance, [name]: true }]),
    cache_client_region_id: JSON.stringify([{ regionId: 'cn-shanghai', [name]: 'true' }]),
  };

  expect(collect({ environment }).values.endpoints).toMatchObject([{ ignoreSslCerts: true }, { ignoreSslCerts: true }]);
});

test('a region may have a custom host and certificate authority', () => {
  const environment = {
    cache_client_region_id:
      '[{"regionId":"cn-hangzhou","endpoint":"https://kst-1.cryptoservice.kms.aliyuncs.com/","caFilePath":"ca.pem","vpc":""}]',
  };

  expect(collect({ environment }).issues).toMatchObject([{ key: 'endpoints[0].vpc' }]);
  expect(
    collect({ environment: { cache_client_region_id: environment.cache_client_region_id.replace(',"vpc":""', '') } })
      .values.endpoints,
  ).toEqual([{ host: 'kst-1.cryptoservice.kms.aliyuncs.com', caFilePath: '/app/ca.pem', ignoreSslCerts: false }]);
});

test('points at the missing quote in the example of the official documentation', () => {
  const text = '[{"regionId":ch-hangzhou"}]';

  for (const key of ['cache_client_region_id', 'cache_client_dkms_config_info']) {
    const { issues } = collect({ files: { [defaultFile]: `${key}=${text}` } });
    expect(issues).toMatchObject([{ key, source: 'secretsmanager.properties:1' }]);
    expect(issues[0]?.expected).toContain('invalid JSON at character 14, after "regionId":; did you forget a quote?');
  }
});

test.each([
  ['{"regionId":"cn-hangzhou"}', 'an object'],
  ['"\\"s3cret-key\\""', 'a string of 10 characters'],
  ['null', 'null'],
  ['7', 'a number'],
])('rejects JSON that is not a list, number %#', (text, got) => {
  for (const key of ['cache_client_region_id', 'cache_client_dkms_config_info']) {
    expect(collect({ environment: { [key]: text } }).issues).toMatchObject([{ key, got }]);
  }
});

test.each([
  [{ clientKeyFile: undefined }, 'endpoints[0].clientKeyFile'],
  [{ clientKeyFile: '' }, 'endpoints[0].clientKeyFile'],
  [{ clientKeyFile: '', passwordFromFilePath: '' }, 'cache_client_dkms_config_info[0].clientKeyFile'],
  [{ clientKeyFile: 7 }, 'endpoints[0].clientKeyFile'],
  [{ endpoint: undefined }, 'endpoints[0].endpoint'],
  [{ endpoint: '' }, 'endpoints[0].endpoint'],
  [{ endpoint: 7 }, 'endpoints[0].endpoint'],
  [{ regionId: {} }, 'endpoints[0].regionId'],
  [{ passwordFromFilePath: ['s3cret-p'] }, 'endpoints[0].passwordFromFilePath'],
  [
    { passwordFromFilePath: '', passwordFromFilePathName: 'NOWHERE' },
    'cache_client_dkms_config_info[0].passwordFromFilePathName',
  ],
  [{ ignoreSslCerts: 'maybe' }, 'endpoints[0].ignoreSslCerts'],
  [{ caFilePath: 7 }, 'endpoints[0].caFilePath'],
  [{ ca: 7 }, 'endpoints[0].ca'],
  [{ caCert: 7 }, 'endpoints[0].ca'],
])('reports a wrong property of an instance with its path, number %#', (change, key) => {
  const environment = { cache_client_dkms_config_info: JSON.stringify([{ ...instance, ...change }]) };

  expect(collect({ environment }).issues).toMatchObject([{ key }]);
});

/** Every other field of the `Config` of the SDKs for Java, Go and Python. */
const sdkConfig = {
  accessKeyId: 's3cret-id',
  privateKey: 's3cret-key',
  protocol: 'https',
  readTimeout: 5_000,
  connectTimeout: 2_000,
  httpProxy: 'http://proxy',
  httpsProxy: 'http://proxy',
  noProxy: 'localhost',
  maxIdleConns: 5,
  socks5Proxy: 'socks5://proxy',
  socks5NetWork: 'tcp',
  type: 'rsa_key_pair',
  userAgent: 'x',
  credential: {},
};

test.each(Object.entries(sdkConfig))('warns about %s, which is configured elsewhere', (property, value) => {
  const environment = { cache_client_dkms_config_info: JSON.stringify([{ ...instance, [property]: value }]) };

  const { issues, warnings, values } = collect({ environment });

  expect(issues).toEqual([]);
  expect(values.endpoints).toEqual([address]);
  expect(warnings).toEqual([
    expect.stringMatching(
      new RegExp(
        `^cache_client_dkms_config_info\\[0\\]\\.${property} \\(cache_client_dkms_config_info\\) is ignored: (?:set|inst|the)`,
        'u',
      ),
    ),
  ]);
});

test.each([
  [
    { caFilePaths: '/x' },
    'caFilePaths (cache_client_dkms_config_info) is unknown and ignored. Did you mean "caFilePath"?',
  ],
  [{ ca_file_path: '/x' }, 'Did you mean "caFilePath"?'],
  [{ unknownProperty: 's3cret-x' }, 'unknownProperty (cache_client_dkms_config_info) is unknown and ignored.'],
  [{ 's3cret-key': true }, 'A property of cache_client_dkms_config_info[0] (cache_client_dkms_config_info) is unknown'],
  [
    { clientKeyfile: 's3cret-x' },
    'clientKeyfile (cache_client_dkms_config_info) is ignored, because clientKeyFile is set.',
  ],
  [{ passwordFromFilePathName: 'X' }, 'passwordFromFilePathName (cache_client_dkms_config_info) is ignored, because'],
  [
    { password: 's3cret-p' },
    'password (cache_client_dkms_config_info) is ignored, because passwordFromFilePath is set.',
  ],
])('an unknown or unused property is a warning, number %#', (change, warning) => {
  const { issues, warnings, values } = collect({
    environment: { cache_client_dkms_config_info: JSON.stringify([{ ...instance, ...change }]) },
  });

  expect(issues).toEqual([]);
  expect(values.endpoints).toEqual([address]);
  expect(warnings).toEqual([expect.stringContaining(warning)]);
});

test('an unknown property of a region is a warning; null counts as not set', () => {
  const { issues, warnings, values } = collect({
    environment: { cache_client_region_id: '[{"regionId":"cn-hangzhou","region":"x","endpoint":null,"vpc":null}]' },
  });

  expect(issues).toEqual([]);
  expect(values.endpoints).toMatchObject([{ host: 'kms.cn-hangzhou.aliyuncs.com' }]);
  expect(warnings).toEqual([expect.stringContaining('region (cache_client_region_id) is unknown and ignored.')]);
});

test('the region of an endpoint with a host is only a label', () => {
  const environment = { cache_client_dkms_config_info: JSON.stringify([{ ...instance, regionId: 'CN_Hangzhou' }]) };

  expect(collect({ environment })).toMatchObject({ issues: [], warnings: [], values: { endpoints: [address] } });
});

test('reads properties whatever their case, like the Go client, with a warning', () => {
  const upperCase = Object.fromEntries(
    Object.entries(instance).map(([name, value]) => [name.slice(0, 1).toUpperCase() + name.slice(1), value]),
  );

  const { values, warnings } = collect({ environment: { cache_client_dkms_config_info: JSON.stringify([upperCase]) } });

  expect(values.endpoints).toEqual([address]);
  expect(warnings).toHaveLength(Object.keys(instance).length);
  expect(warnings[0]).toContain('RegionId (cache_client_dkms_config_info) is read as regionId.');
});

const pem = '-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----';

test.each([
  [{ ca: pem }, { ca: pem }],
  [{ caCert: pem }, { ca: pem }],
  [{ caFilePath: pem }, { ca: pem }],
  [{ caCert: '/ca.pem' }, { caFilePath: '/ca.pem' }],
  [{ ca: 'ca.pem' }, { caFilePath: '/app/ca.pem' }],
  [{ ca: '', caCert: '', caFilePath: '/ca.pem' }, { caFilePath: '/ca.pem' }],
])('reads certificate authorities from %j', (given, read) => {
  const { caFilePath: _, ...rest } = instance;
  const { caFilePath: __, ...expected } = address;

  for (const key of ['cache_client_dkms_config_info', 'cache_client_region_id']) {
    const { values, issues, warnings } = collect({ environment: { [key]: JSON.stringify([{ ...rest, ...given }]) } });
    expect({ issues, warnings }).toEqual({ issues: [], warnings: [] });
    expect(values.endpoints).toEqual([{ ...expected, ...read }]);
  }
});

test('ca takes precedence over caFilePath, as in the SDKs, with a warning', () => {
  const { values, warnings } = collect({
    environment: { cache_client_dkms_config_info: JSON.stringify([{ ...instance, ca: pem }]) },
  });

  expect(values.endpoints).toMatchObject([{ ca: pem, caFilePath: undefined }]);
  expect(warnings).toEqual([
    expect.stringContaining('caFilePath (cache_client_dkms_config_info) is ignored, because ca'),
  ]);
});

test('reads the password from the variable if it is set, otherwise from the file', () => {
  const list = JSON.stringify([{ ...instance, passwordFromEnvVariable: 'KMS_PASSWORD', password: 's3cret-p' }]);
  const environment = { cache_client_dkms_config_info: list };

  const withVariable = collect({ environment: { ...environment, KMS_PASSWORD: 's3cret-1' } });
  const withoutVariable = collect({ environment });

  expect(withVariable.values.endpoints).toEqual([
    { ...address, clientKey: { clientKeyFile: '/k.json', passwordFromEnvVariable: 'KMS_PASSWORD' } },
  ]);
  expect(withVariable.warnings).toEqual([
    expect.stringContaining(
      '[0].passwordFromFilePath (cache_client_dkms_config_info) is not used: the password is read',
    ),
    expect.stringContaining('[0].password (cache_client_dkms_config_info) is ignored'),
  ]);
  expect(withoutVariable.values.endpoints).toEqual([address]);
  expect(withoutVariable.warnings[0]).toContain(
    'names a variable that is not set. The password is read from the file.',
  );
});

test('an empty list of instances counts as not set', () => {
  const { issues, values } = collect({
    environment: { cache_client_dkms_config_info: '[]', cache_client_region_id: '[{"regionId":"cn-hangzhou"}]' },
  });

  expect(issues).toEqual([]);
  expect(values.endpoints).toMatchObject([{ host: 'kms.cn-hangzhou.aliyuncs.com' }]);
  expect(collect({ environment: { cache_client_dkms_config_info: '[]' } }).sources.has('endpoints')).toBe(false);
  expect(collect({ environment: { cache_client_region_id: '[]' } }).issues).toMatchObject([{ key: 'endpoints' }]);
});

test('reads the path of the password from the key or variable that is named', () => {
  const { passwordFromFilePath: _, ...rest } = instance;
  const list = JSON.stringify([{ ...rest, passwordFromFilePathName: 'password_path' }]);

  const byKey = collect({ files: { [defaultFile]: `cache_client_dkms_config_info=${list}\npassword_path=/from-key` } });
  const byVariable = collect({
    files: { [defaultFile]: `cache_client_dkms_config_info=${list}` },
    environment: { password_path: '/from-variable' },
  });

  expect(byKey.values.endpoints).toMatchObject([{ clientKey: { passwordFromFilePath: '/from-key' } }]);
  expect(byVariable.values.endpoints).toMatchObject([{ clientKey: { passwordFromFilePath: '/from-variable' } }]);
});

test('reads the name of the password variable from the key that is named', () => {
  const { passwordFromFilePath: _, ...rest } = instance;
  const list = JSON.stringify([{ ...rest, passwordFromEnvVariable: 'password_variable' }]);
  const files = { [defaultFile]: `cache_client_dkms_config_info=${list}\npassword_variable=KMS_PASSWORD` };

  const indirect = collect({ files });
  const direct = collect({ files, environment: { password_variable: 's3cret-password' } });

  expect(indirect.values.endpoints).toMatchObject([{ clientKey: { passwordFromEnvVariable: 'KMS_PASSWORD' } }]);
  expect(indirect.warnings.join('\n')).toContain('Name the variable directly');
  expect(direct.values.endpoints).toMatchObject([{ clientKey: { passwordFromEnvVariable: 'password_variable' } }]);
});

test.each([
  ['escaped for JSON, in the environment', 'environment', String.raw`C:\\temp\\new`],
  ['escaped for JSON but not for Java, in a file', 'file', String.raw`C:\\temp\\new`],
  ['escaped for JSON and Java, in a file', 'file', String.raw`C:\\\\temp\\\\new`],
])('reads a Windows path %s', (_, where, path) => {
  const list = JSON.stringify([instance]).replace('/k.json', path);
  const text = { cache_client_dkms_config_info: list };

  const { values, issues } =
    where === 'environment'
      ? collect({ environment: text })
      : collect({ files: { [defaultFile]: `cache_client_dkms_config_info=${list}` } });

  expect(issues).toEqual([]);
  expect(values.endpoints).toMatchObject([{ clientKey: { clientKeyFile: String.raw`C:\temp\new` } }]);
});

test('reports a Windows path with single backslashes', () => {
  const list = JSON.stringify([instance]).replace('/k.json', String.raw`C:\keys\k.json`);

  const inFile = collect({ files: { [defaultFile]: `cache_client_dkms_config_info=${list}` } });
  const inVariable = collect({ environment: { cache_client_dkms_config_info: list } });

  expect(inFile.issues).toMatchObject([{ key: 'cache_client_dkms_config_info[0].clientKeyFile' }]);
  expect(inFile.issues[0]?.expected).toContain('four inside JSON');
  expect(inVariable.issues[0]?.expected).toContain(
    `character ${list.indexOf('\\k') + 1}, after "clientKeyFile":; write each backslash of a path twice`,
  );
});
