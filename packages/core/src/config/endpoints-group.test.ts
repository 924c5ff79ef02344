import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import type { Resolution } from '../options/resolve.ts';
import { resolve } from '../options/resolve.ts';
import type { OptionTable } from '../options/option-table.ts';
import { optionTable } from '../options/option-table.ts';
import type { GatheredSettings } from './sources.ts';
import { gatherSettings } from './sources.ts';

type Texts = Readonly<Record<string, string>>;

function gather(world: {
  readonly environment?: Texts;
  readonly files?: Texts;
}): GatheredSettings & Resolution<OptionTable> {
  const { environment = {}, files = {} } = world;
  const gathered = gatherSettings(
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
  const resolution = resolve(optionTable, gathered.layers);
  const all = { ...gathered, ...resolution, issues: [...gathered.issues, ...resolution.issues] };
  expect(inspect([all.issues, all.warnings], { depth: 9 })).not.toContain('s3cret-');
  return all;
}

const usual = '/app/secretsmanager.properties';
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

test('instances and regions are one list, instances first', () => {
  const texts = {
    cache_client_dkms_config_info: JSON.stringify([instance]),
    cache_client_region_id: '[{"regionId":"cn-shanghai"}]',
  };
  const file = `cache_client_dkms_config_info=${texts.cache_client_dkms_config_info}\ncache_client_region_id=${texts.cache_client_region_id}`;

  const fromEnvironment = gather({ environment: texts });
  const fromFile = gather({ files: { [usual]: file } });

  for (const { issues, warnings, values } of [fromEnvironment, fromFile]) {
    expect({ issues, warnings }).toEqual({ issues: [], warnings: [] });
    expect(values.endpoints).toEqual([
      address,
      { host: 'kms.cn-shanghai.aliyuncs.com', caFilePath: undefined, ignoreSslCerts: false },
    ]);
  }
  expect(fromFile.sources.get('endpoints')).toBe('secretsmanager.properties:1 and secretsmanager.properties:2');
});

test.each(['ignoreSslCerts', 'ignoreSSLCerts', 'ignoreSSL'])(
  'certificates are not checked where %s says so',
  (name) => {
    const environment = {
      cache_client_dkms_config_info: JSON.stringify([{ ...instance, [name]: true }]),
      cache_client_region_id: JSON.stringify([{ regionId: 'cn-shanghai', [name]: 'true' }]),
    };

    expect(gather({ environment }).values.endpoints).toMatchObject([
      { ignoreSslCerts: true },
      { ignoreSslCerts: true },
    ]);
  },
);

test('a region may be asked at a host of its own, with a private authority', () => {
  const environment = {
    cache_client_region_id:
      '[{"regionId":"cn-hangzhou","endpoint":"https://kst-1.cryptoservice.kms.aliyuncs.com/","caFilePath":"ca.pem","vpc":""}]',
  };

  expect(gather({ environment }).issues).toMatchObject([{ key: 'endpoints[0].vpc' }]);
  expect(
    gather({ environment: { cache_client_region_id: environment.cache_client_region_id.replace(',"vpc":""', '') } })
      .values.endpoints,
  ).toEqual([{ host: 'kst-1.cryptoservice.kms.aliyuncs.com', caFilePath: '/app/ca.pem', ignoreSslCerts: false }]);
});

test('the slip of the typing pen in the official documentation is pointed at', () => {
  const text = '[{"regionId":ch-hangzhou"}]';

  for (const key of ['cache_client_region_id', 'cache_client_dkms_config_info']) {
    const { issues } = gather({ files: { [usual]: `${key}=${text}` } });
    expect(issues).toMatchObject([{ key, source: 'secretsmanager.properties:1' }]);
    expect(issues[0]?.expected).toContain(
      'it breaks at character 14, after "regionId":. A text begins and ends with a quote.',
    );
  }
});

test.each([
  ['{"regionId":"cn-hangzhou"}', 'an object'],
  ['"s3cret-key"', 'a text of 10 characters'],
  ['null', 'null'],
  ['7', 'a number'],
])('JSON that is no list is told by what it is, number %#', (text, got) => {
  for (const key of ['cache_client_region_id', 'cache_client_dkms_config_info']) {
    expect(gather({ environment: { [key]: text } }).issues).toMatchObject([{ key, got }]);
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
])('an instance that is told wrongly is refused by place, number %#', (change, key) => {
  const environment = { cache_client_dkms_config_info: JSON.stringify([{ ...instance, ...change }]) };

  expect(gather({ environment }).issues).toMatchObject([{ key }]);
});

test('what instances of the official clients can be told besides is a warning that says what to do', () => {
  const environment = {
    cache_client_dkms_config_info: JSON.stringify([{ ...instance, protocol: 'https', readTimeout: 5_000 }]),
  };

  const { issues, warnings, values } = gather({ environment });

  expect(issues).toEqual([]);
  expect(values.endpoints).toEqual([address]);
  expect(warnings).toEqual([
    expect.stringContaining('protocol (variable cache_client_dkms_config_info) is not read: an instance is always'),
    expect.stringContaining('readTimeout (variable cache_client_dkms_config_info) is not read: set attemptTimeout'),
  ]);
});

test('no instances is as good as none', () => {
  const { issues, values } = gather({
    environment: { cache_client_dkms_config_info: '[]', cache_client_region_id: '[{"regionId":"cn-hangzhou"}]' },
  });

  expect(issues).toEqual([]);
  expect(values.endpoints).toMatchObject([{ host: 'kms.cn-hangzhou.aliyuncs.com' }]);
  expect(gather({ environment: { cache_client_dkms_config_info: '[]' } }).sources.has('endpoints')).toBe(false);
  expect(gather({ environment: { cache_client_region_id: '[]' } }).issues).toMatchObject([{ key: 'endpoints' }]);
});

test('a path to the password may stand in a key or a variable that the instance names', () => {
  const { passwordFromFilePath: _, ...rest } = instance;
  const list = JSON.stringify([{ ...rest, passwordFromFilePathName: 'password_path' }]);

  const byKey = gather({ files: { [usual]: `cache_client_dkms_config_info=${list}\npassword_path=/from-key` } });
  const byVariable = gather({
    files: { [usual]: `cache_client_dkms_config_info=${list}` },
    environment: { password_path: '/from-variable' },
  });

  expect(byKey.values.endpoints).toMatchObject([{ clientKey: { passwordFromFilePath: '/from-key' } }]);
  expect(byVariable.values.endpoints).toMatchObject([{ clientKey: { passwordFromFilePath: '/from-variable' } }]);
});

test('a variable for the password may be named by the key that is named, as the official clients read it', () => {
  const { passwordFromFilePath: _, ...rest } = instance;
  const list = JSON.stringify([{ ...rest, passwordFromEnvVariable: 'password_variable' }]);
  const files = { [usual]: `cache_client_dkms_config_info=${list}\npassword_variable=KMS_PASSWORD` };

  const twice = gather({ files });
  const once = gather({ files, environment: { password_variable: 's3cret-password' } });

  expect(twice.values.endpoints).toMatchObject([{ clientKey: { passwordFromEnvVariable: 'KMS_PASSWORD' } }]);
  expect(twice.warnings.join('\n')).toContain('Name the variable itself');
  expect(once.values.endpoints).toMatchObject([{ clientKey: { passwordFromEnvVariable: 'password_variable' } }]);
});

test.each([
  ['as JSON wants it, in the environment', 'environment', String.raw`C:\\temp\\new`],
  ['as JSON wants it, and Java takes apart', 'file', String.raw`C:\\temp\\new`],
  ['as JSON and Java want it', 'file', String.raw`C:\\\\temp\\\\new`],
])('a path of Windows is read %s', (_, where, path) => {
  const list = JSON.stringify([instance]).replace('/k.json', path);
  const text = { cache_client_dkms_config_info: list };

  const { values, issues } =
    where === 'environment'
      ? gather({ environment: text })
      : gather({ files: { [usual]: `cache_client_dkms_config_info=${list}` } });

  expect(issues).toEqual([]);
  expect(values.endpoints).toMatchObject([{ clientKey: { clientKeyFile: String.raw`C:\temp\new` } }]);
});

test('a path of Windows with single backslashes is told as that', () => {
  const list = JSON.stringify([instance]).replace('/k.json', String.raw`C:\keys\k.json`);

  const inFile = gather({ files: { [usual]: `cache_client_dkms_config_info=${list}` } });
  const inVariable = gather({ environment: { cache_client_dkms_config_info: list } });

  expect(inFile.issues).toMatchObject([{ key: 'cache_client_dkms_config_info[0].clientKeyFile' }]);
  expect(inFile.issues[0]?.expected).toContain('four times');
  expect(inVariable.issues[0]?.expected).toMatch(/it breaks at character \d+/u);
});
