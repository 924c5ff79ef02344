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
  ['"s3cret-key"', 'a string of 10 characters'],
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
  [{ clientKeyfile: 's3cret-x' }, 'endpoints[0].clientKeyfile'],
  [{ clientKeyContent: 's3cret-x' }, 'endpoints[0].clientKeyContent'],
  [{ endpoint: undefined }, 'endpoints[0].endpoint'],
  [{ endpoint: '' }, 'endpoints[0].endpoint'],
  [{ endpoint: 7 }, 'endpoints[0].endpoint'],
  [{ regionId: {} }, 'endpoints[0].regionId'],
  [{ password: 's3cret-p' }, 'endpoints[0].passwordFromFilePath'],
  [{ passwordFromEnvVariable: 'P' }, 'endpoints[0].passwordFromEnvVariable'],
  [{ passwordFromFilePath: ['s3cret-p'] }, 'endpoints[0].passwordFromFilePath'],
  [{ passwordFromFilePathName: 'NOWHERE' }, 'cache_client_dkms_config_info[0].passwordFromFilePathName'],
  [{ ignoreSslCerts: 'maybe' }, 'endpoints[0].ignoreSslCerts'],
  [{ caFilePath: 7 }, 'endpoints[0].caFilePath'],
  [{ caFilePaths: '/ca.pem' }, 'endpoints[0].caFilePaths'],
  [{ accessKeyId: 's3cret-id' }, 'endpoints[0].accessKeyId'],
])('reports a wrong property of an instance with its path, number %#', (change, key) => {
  const environment = { cache_client_dkms_config_info: JSON.stringify([{ ...instance, ...change }]) };

  expect(collect({ environment }).issues).toMatchObject([{ key }]);
});

test('warns about properties that are configured elsewhere, with the alternative', () => {
  const environment = {
    cache_client_dkms_config_info: JSON.stringify([{ ...instance, protocol: 'https', readTimeout: 5_000 }]),
  };

  const { issues, warnings, values } = collect({ environment });

  expect(issues).toEqual([]);
  expect(values.endpoints).toEqual([address]);
  expect(warnings).toEqual([
    expect.stringContaining('protocol (cache_client_dkms_config_info) is ignored: instances are always'),
    expect.stringContaining('readTimeout (cache_client_dkms_config_info) is ignored: set attemptTimeout'),
  ]);
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
  expect(inVariable.issues[0]?.expected).toMatch(/invalid JSON at character \d+/u);
});
