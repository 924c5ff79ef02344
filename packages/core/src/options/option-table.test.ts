import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { layerOf, resolve } from './resolve.ts';
import { optionTable } from './option-table.ts';
import type { ResolvedOptions } from './options.ts';

function resolved(options: object): ResolvedOptions {
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
  ['a URL from another client', 'https://KMS.example.com/', 'kms.example.com'],
  ['a port', '127.0.0.1:8443', '127.0.0.1:8443'],
  ['the usual port', 'kms.example.com:443', 'kms.example.com'],
  ['IPv6', '[::1]:8443', '[::1]:8443'],
  ['a region entry', { regionId: 'cn-shanghai' }, 'kms.cn-shanghai.aliyuncs.com'],
  ['a VPC', { regionId: 'cn-shanghai', vpc: true }, 'kms-vpc.cn-shanghai.aliyuncs.com'],
  ['a VPC as text', { regionId: 'cn-shanghai', vpc: 'true' }, 'kms-vpc.cn-shanghai.aliyuncs.com'],
  [
    'a host that wins over the region',
    { regionId: 'cn-shanghai', vpc: true, endpoint: 'kms.example.com' },
    'kms.example.com',
  ],
])('%s becomes the host that is asked', (_what, entry, host) => {
  expect(resolved({ endpoints: [entry] }).endpoints).toMatchObject([{ host }]);
});

test.each([
  [[], 'endpoints|a list|a list with at least one endpoint'],
  ['cn-hangzhou', "endpoints|'cn-hangzhou'|a list with at least one endpoint"],
  [[{}], 'endpoints[0]|neither|regionId or endpoint'],
  [
    [{ region: 'cn-hangzhou' }],
    'endpoints[0].region||one of regionId, vpc, endpoint, caFilePath, ignoreSslCerts, clientKeyFile, clientKeyContent, password, passwordFromFilePath, passwordFromEnvVariable',
  ],
  [['cn-hangzhou', 7], 'endpoints[1]|7|a region id, a host, or an object with regionId or endpoint'],
  [
    ['http://kms.example.com'],
    "endpoints[0].endpoint|'http://kms.example.com'|a host, with a port if it is not 443; it is always asked by HTTPS",
  ],
  [
    ['kms.example.com/path'],
    "endpoints[0].endpoint|'kms.example.com/path'|a host, with a port if it is not 443; it is always asked by HTTPS",
  ],
  [
    ['kms.example.com:99999'],
    "endpoints[0].endpoint|'kms.example.com:99999'|a host, with a port if it is not 443; it is always asked by HTTPS",
  ],
  [[{ regionId: 'cn hangzhou' }], "endpoints[0].regionId|'cn hangzhou'|a region id"],
  [[{ regionId: 'cn-hangzhou', vpc: 'yes' }], "endpoints[0].vpc|'yes'|true or false"],
])('endpoints %j are refused by place', (endpoints, mistake) => {
  expect(mistakes({ endpoints })).toContain(mistake);
});

test.each(['ignoreSslCerts', 'ignoreSSLCerts', 'ignoreSSL'])(
  'checking is switched off by %s, and by nothing else',
  (name) => {
    const [off, on] = resolved({ endpoints: [{ regionId: 'cn-hangzhou', [name]: 'true' }, 'cn-shanghai'] }).endpoints;

    expect([off, on]).toMatchObject([{ ignoreSslCerts: true }, { ignoreSslCerts: false }]);
    expect(mistakes({ endpoints: [{ regionId: 'cn-hangzhou', [name]: 1 }] })).toEqual([
      `endpoints[0].${name}|1|true or false`,
    ]);
  },
);

test('an endpoint with a client key is an instance, and its host must be told', () => {
  const instance = {
    endpoint: 'kst-1.cryptoservice.kms.aliyuncs.com',
    clientKeyFile: 'k.json',
    passwordFromFilePath: 'p',
  };

  expect(resolved({ endpoints: [instance] }).endpoints).toEqual([
    {
      host: instance.endpoint,
      caFilePath: undefined,
      ignoreSslCerts: false,
      clientKey: { clientKeyFile: 'k.json', passwordFromFilePath: 'p' },
    },
  ]);
  expect(mistakes({ endpoints: [{ regionId: 'cn-hangzhou', clientKeyContent: '{}' }] })).toEqual([
    'endpoints[0].endpoint||the host of the KMS instance that the client key is for',
  ]);
  expect(mistakes({ endpoints: [{ ...instance, password: 's3cret-p' }] })).toEqual([
    'endpoints[0].passwordFromFilePath||one of password, passwordFromFilePath, not 2',
  ]);
});

test('half a key pair is named by what is missing, and nothing of the rest is told', () => {
  const { issues } = resolve(optionTable, [
    layerOf({ credentials: { accessKeyId: 's3cret-id', accessKeySecret: '' } }, 'option'),
  ]);

  expect(issues).toMatchObject([{ key: 'credentials.accessKeySecret', expected: 'a text that is not empty' }]);
  expect(inspect(issues).includes('s3cret')).toBe(false);
});

test('credentials of the wrong kind are not echoed', () => {
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

test('any provider with getCredential() is one', () => {
  const credentials = { getCredential: () => Promise.resolve({}) };

  expect(resolved({ credentials }).credentials).toBe(credentials);
});

test('names to preload come as a list, or with commas between them, each once', () => {
  expect(resolved({ preload: ['a', 'b', 'a'] }).preload).toEqual(['a', 'b']);
  expect(resolved({ preload: 'prod/db, prod/redis' }).preload).toEqual(['prod/db', 'prod/redis']);
  expect(mistakes({ preload: ['a', ''] })).toEqual(["preload[1]|''|the name of a secret"]);
});

test('what is particular to a secret is checked like the rest', () => {
  expect(resolved({ secrets: { db: { ttl: '15m' } } }).secrets.get('db')).toEqual({ ttl: 900_000, optional: false });
  expect(mistakes({ secrets: { db: { ttl: 0, lazy: true }, other: 5 } })).toEqual([
    "secrets['db'].ttl|0|a duration from 1s to 365d, in milliseconds or with a unit",
    "secrets['db'].lazy||one of ttl, optional",
    "secrets['other']|a number|an object such as { ttl: '15m' }",
  ]);
});

test('a logger or a clock that lacks a method is refused by what it must have', () => {
  expect(mistakes({ logger: console.log, clock: {}, hook: {} })).toEqual([
    'hook|an object|an object with one or more of transform(), recover()',
    'logger|a function|an object with warn(), error()',
    'clock|an object|an object with now(), cachedNow(), date(), random(), setTimer(), setUnrefTimer()',
  ]);
});

test('a TTL property can be switched off', () => {
  expect(resolved({ ttlProperty: false }).ttlProperty).toBe(false);
  expect(resolved({ ttlProperty: 'false' }).ttlProperty).toBe(false);
  expect(mistakes({ ttlProperty: '' })).toHaveLength(1);
});
