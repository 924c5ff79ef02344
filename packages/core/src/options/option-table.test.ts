import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { layerOf, resolve } from './resolve.ts';
import { optionTable } from './option-table.ts';
import type { OptionRow } from './rows.ts';
import type { ResolvedOptions } from './options.ts';

function valuesOf(options: object): ResolvedOptions {
  return resolve(optionTable, [layerOf(options, 'option')]).values;
}

function mistakes(options: object): string[] {
  return resolve(optionTable, [layerOf(options, 'option')]).issues.map(
    ({ key, expected, got = '' }) => `${key}|${got}|${expected}`,
  );
}

test.each([
  ['a region', 'cn-hangzhou', 'kms.cn-hangzhou.aliyuncs.com'],
  ['a host', 'kms.example.com', 'kms.example.com'],
  ['a URL', 'https://KMS.example.com/', 'kms.example.com'],
  ['a port', '127.0.0.1:8443', '127.0.0.1:8443'],
  ['the default port', 'kms.example.com:443', 'kms.example.com'],
  ['IPv6', '[::1]:8443', '[::1]:8443'],
  ['a region entry', { regionId: 'cn-shanghai' }, 'kms.cn-shanghai.aliyuncs.com'],
  ['a VPC', { regionId: 'cn-shanghai', vpc: true }, 'kms-vpc.cn-shanghai.aliyuncs.com'],
  ['a VPC as a string', { regionId: 'cn-shanghai', vpc: 'true' }, 'kms-vpc.cn-shanghai.aliyuncs.com'],
  [
    'a host, which takes precedence over the region',
    { regionId: 'cn-shanghai', vpc: true, endpoint: 'kms.example.com' },
    'kms.example.com',
  ],
])('%s resolves to its host', (_what, entry, host) => {
  expect(valuesOf({ endpoints: [entry] }).endpoints).toMatchObject([{ host }]);
});

test.each([
  [[], 'endpoints|a list|a list with at least one endpoint'],
  ['cn-hangzhou', 'endpoints|"cn-hangzhou"|a list with at least one endpoint'],
  [[{}], 'endpoints[0]|neither|regionId or endpoint'],
  [
    [{ region: 'cn-hangzhou' }],
    'endpoints[0].region||one of regionId, vpc, endpoint, caFilePath, ca, ignoreSslCerts, clientKeyFile, clientKeyContent, password, passwordFromFilePath, passwordFromEnvVariable; did you mean "regionId"?',
  ],
  [[{ regionId: 'cn-hangzhou', ca: '/ca.pem' }], 'endpoints[0].ca||the text of a PEM file, not its path'],
  [
    [{ regionId: 'cn-hangzhou', ca: '-----BEGIN CERTIFICATE-----', caFilePath: '/ca.pem' }],
    'endpoints[0].ca||only one of caFilePath, ca',
  ],
  [['cn-hangzhou', 7], 'endpoints[1]|7|a region id, a host, or an object with regionId or endpoint'],
  [
    ['http://kms.example.com'],
    'endpoints[0].endpoint|"http://kms.example.com"|a host, with a port unless it is 443; only HTTPS is supported',
  ],
  [
    ['kms.example.com/path'],
    'endpoints[0].endpoint|"kms.example.com/path"|a host, with a port unless it is 443; only HTTPS is supported',
  ],
  [
    ['kms.example.com:99999'],
    'endpoints[0].endpoint|"kms.example.com:99999"|a host, with a port unless it is 443; only HTTPS is supported',
  ],
  [[{ regionId: 'cn hangzhou' }], 'endpoints[0].regionId|"cn hangzhou"|a region id'],
  [[{ regionId: 'cn-hangzhou', vpc: 'yes' }], 'endpoints[0].vpc|"yes"|true or false'],
])('reports the path of the error in endpoints %j', (endpoints, mistake) => {
  expect(mistakes({ endpoints })).toContain(mistake);
});

test.each(['ignoreSslCerts', 'ignoreSSLCerts', 'ignoreSSL'])(
  '%s disables the verification of certificates, for its endpoint only',
  (name) => {
    const [disabled, enabled] = valuesOf({
      endpoints: [{ regionId: 'cn-hangzhou', [name]: 'true' }, 'cn-shanghai'],
    }).endpoints;

    expect([disabled, enabled]).toMatchObject([{ ignoreSslCerts: true }, { ignoreSslCerts: false }]);
    expect(mistakes({ endpoints: [{ regionId: 'cn-hangzhou', [name]: 1 }] })).toEqual([
      `endpoints[0].${name}|1|true or false`,
    ]);
  },
);

test('an endpoint with a client key is an instance and needs a host', () => {
  const instance = {
    endpoint: 'kst-1.cryptoservice.kms.aliyuncs.com',
    clientKeyFile: 'k.json',
    passwordFromFilePath: 'p',
  };

  expect(valuesOf({ endpoints: [instance] }).endpoints).toEqual([
    {
      host: instance.endpoint,
      caFilePath: undefined,
      ignoreSslCerts: false,
      clientKey: { clientKeyFile: 'k.json', passwordFromFilePath: 'p' },
    },
  ]);
  expect(mistakes({ endpoints: [{ regionId: 'cn-hangzhou', clientKeyContent: '{}' }] })).toEqual([
    'endpoints[0].endpoint||the host of the KMS instance that the client key belongs to',
  ]);
  expect(mistakes({ endpoints: [{ ...instance, password: 's3cret-p' }] })).toEqual([
    'endpoints[0].passwordFromFilePath||only one of password, passwordFromFilePath',
  ]);
});

test('reports the missing half of an access key without showing the other', () => {
  const { issues } = resolve(optionTable, [
    layerOf({ credentials: { accessKeyId: 's3cret-id', accessKeySecret: '' } }, 'option'),
  ]);

  expect(issues).toMatchObject([{ key: 'credentials.accessKeySecret', expected: 'a non-empty string' }]);
  expect(inspect(issues).includes('s3cret')).toBe(false);
});

test('does not echo credentials of the wrong kind', () => {
  const { issues } = resolve(optionTable, [
    layerOf({ credentials: { accessKeyId: 7, secret: 's3cret-key' } }, 'option'),
  ]);

  expect(issues.map(({ key }) => key)).toEqual([
    'credentials.accessKeyId',
    'credentials.accessKeySecret',
    'credentials.secret',
  ]);
  expect(inspect(issues).includes('s3cret')).toBe(false);
});

test('accepts any provider with getCredential()', () => {
  const credentials = { getCredential: () => Promise.resolve({}) };

  expect(valuesOf({ credentials }).credentials).toBe(credentials);
});

test('preload is a list or a string with commas, without duplicates', () => {
  expect(valuesOf({ preload: ['a', 'b', 'a'] }).preload).toEqual(['a', 'b']);
  expect(valuesOf({ preload: 'prod/db, prod/redis' }).preload).toEqual(['prod/db', 'prod/redis']);
  expect(mistakes({ preload: ['a', ''] })).toEqual(['preload[1]|""|the name of a secret']);
});

test('checks the options of one secret', () => {
  expect(valuesOf({ secrets: { db: { ttl: '15m' } } }).secrets.get('db')).toEqual({ ttl: 900_000, optional: false });
  expect(mistakes({ secrets: { db: { ttl: 0, lazy: true }, other: 5 } })).toEqual([
    "secrets['db'].ttl|0|a duration from 1s to 365d, such as 15m",
    "secrets['db'].lazy||one of ttl, optional",
    "secrets['other']|a number|an object such as { ttl: '15m' }",
  ]);
});

test('a logger, a clock or a hook that is no object is a mistake', () => {
  expect(mistakes({ logger: 'console', clock: 5, hook: true })).toEqual([
    'hook|true|an object with at least one of transform(), recover()',
    'logger|"console"|an object with warn(), error()',
    expect.stringMatching(/^clock\|5\|an object with /u),
  ]);
});

test('names the methods that a hook, a logger or a clock needs', () => {
  expect(mistakes({ logger: console.log, clock: {}, hook: {} })).toEqual([
    'hook|an object|an object with at least one of transform(), recover()',
    'logger|a function|an object with warn(), error()',
    'clock|an object|an object with now(), cachedNow(), date(), random(), setTimer(), setUnrefTimer()',
  ]);
});

test('false switches the TTL property off', () => {
  expect(valuesOf({ refresh: { ttlProperty: false } }).refresh.ttlProperty).toBe(false);
  expect(valuesOf({ refresh: { ttlProperty: 'false' } }).refresh.ttlProperty).toBe(false);
  expect(mistakes({ refresh: { ttlProperty: '' } })).toHaveLength(1);
});

test('has 26 options, each variable named after the path of its option', () => {
  const rows = Object.entries(optionTable).flatMap(([key, row]): [string, string | undefined][] => {
    const members = 'rows' in row ? Object.entries<OptionRow<unknown>>(row.rows) : [];
    return [
      [key, row.variable],
      ...members.map(([member, { variable }]): [string, string | undefined] => [`${key}.${member}`, variable]),
    ];
  });

  expect(Object.keys(optionTable)).toHaveLength(26);
  for (const [path, variable] of rows) {
    if (variable === undefined) continue;
    expect(variable).toBe(`KMS_SECRETS_${path.replaceAll(/\.|(?=[A-Z])/gu, '_').toUpperCase()}`);
  }
});
