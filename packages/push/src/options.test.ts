import { createSecretClient, isSecretError } from '@kms-secrets/core';
import { FakeTransport } from '@kms-secrets/testing';
import { expect, onTestFinished, test } from 'vitest';
import { rotationQueue } from './rotation-queue.ts';
import { rotationWebhook } from './rotation-webhook.ts';
import { isStrongToken } from './token.ts';
import { token, url } from './webhook.fixture.ts';

const client = createSecretClient({ endpoints: [new FakeTransport()], precedence: 'code-only' });

/** The options that the error names. */
function keysOf(create: () => unknown): readonly string[] {
  try {
    create();
    return [];
  } catch (error) {
    if (!isSecretError(error, 'ERR_CONFIGURATION') || /s3cret-|f1d2d2f9/u.test(error.message)) throw error;
    return error.issues.map(({ key }) => key);
  }
}

const webhook = (options: object): readonly string[] => keysOf(() => rotationWebhook(client, options));
const queue = (options: object): readonly string[] => keysOf(() => rotationQueue(client, options as never));

test('a webhook needs EventBridge or CloudMonitor', () => {
  expect(webhook({})).toEqual(['eventBridge']);
  expect(webhook({ cloudMonitor: { token } })).toEqual([]);
});

test('EventBridge needs the accounts and the regions', () => {
  expect(webhook({ eventBridge: { url } })).toEqual(['accounts', 'regions']);
  expect(webhook({ eventBridge: { url }, accounts: ['1234567890123456'], regions: ['cn-hangzhou'] })).toEqual([]);
});

test('lists all mistakes at once', () => {
  const keys = webhook({
    accounts: ['me'],
    regions: [],
    onRotationFailed: 'log',
    logger: {},
    fetch: 1,
    clock: {},
    eventBridge: { url: 'shop.example.com', token: 's3cret-short', testCertificateOrigin: 'https://evil.com' },
    cloudMonitor: { token: '' },
  });

  expect(keys).toEqual([
    'accounts',
    'regions',
    'onRotationFailed',
    'fetch',
    'logger',
    'clock',
    'eventBridge.url',
    'eventBridge.token',
    'eventBridge.testCertificateOrigin',
    'cloudMonitor.token',
  ]);
});

test.each([
  ['a misspelt option', { tokens: [] }, 'tokens'],
  ['a misspelt option of EventBridge', { eventBridge: { urls: url } }, 'urls'],
  ['a misspelt option of CloudMonitor', { cloudMonitor: { secret: token } }, 'secret'],
])('refuses %s', (_what, options, key) => {
  expect(webhook(options)).toEqual([key]);
});

test.each([
  'https://user:s3cret-x@shop.example.com/',
  'ftp://shop.example.com/',
  'https://shop.example.com/#a',
  '',
  [],
  ['https://a/', 'https://b/', 'https://c/', 'https://d/', 'https://e/'],
])('refuses the URL %j', (wrong) => {
  expect(webhook({ eventBridge: { url: wrong }, accounts: ['1234567890123456'], regions: ['cn-hangzhou'] })).toEqual([
    'eventBridge.url',
  ]);
});

test('takes up to a hundred accounts', () => {
  const accounts = (length: number): string[] => Array.from({ length }, (_, index) => String(1_000_000_000 + index));

  expect(webhook({ cloudMonitor: { token }, accounts: accounts(100) })).toEqual([]);
  expect(webhook({ cloudMonitor: { token }, accounts: accounts(101) })).toEqual(['accounts']);
});

test('refuses something else than a client', () => {
  expect(keysOf(() => rotationWebhook({} as never, { cloudMonitor: { token } }))).toEqual(['client']);
});

test.each([
  ['32 hexadecimal digits', '9f86d081884c7d659a2feaa0c55ad015', true],
  ['31 hexadecimal digits', '9f86d081884c7d659a2feaa0c55ad01', false],
  ['22 characters of base64url', 'q83vEjRWeJCrze8SNFZ4kA', true],
  ['21 characters of base64url', 'q83vEjRWeJCrze8SNFZ4k', false],
  ['39 digits', '314159265358979323846264338327950288419', true],
  ['38 digits', '31415926535897932384626433832795028841', false],
  ['28 letters', 'qwfpgjluyarstdhneiozxcvbkmqw', true],
  ['a repeated text', 'abcdefghijABCDEFGHIJ'.repeat(3), false],
  ['eight different characters', '0123456710325476201376453021456713062475', true],
  ['seven different characters', '0123456010325406201306453021456013062405', false],
  ['few characters', 'abababbabaabbababbaabbaababbabababbabaabba', false],
  ['a blank', '9f86d081884c7d659a2feaa0 c55ad0159f86d081', false],
  ['257 characters', `${'9f86d081884c7d659a2feaa0c55ad015'.repeat(8)}1`, false],
  ['a number', 12_345, false],
])('a token of %s', (_what, text, isStrong) => {
  expect(isStrongToken(text)).toBe(isStrong);
});

test('a queue needs an endpoint and a name', () => {
  const endpoint = 'https://1234567890123456.mns.cn-hangzhou.aliyuncs.com';

  expect(queue({})).toEqual(['endpoint', 'queue']);
  expect(queue({ endpoint: 'http://1234567890123456.mns.cn-hangzhou.aliyuncs.com', queue: 'a' })).toEqual(['endpoint']);
  expect(queue({ endpoint: `${endpoint}/queues`, queue: 'a/b', waitSeconds: 31, credentials: {} })).toEqual([
    'endpoint',
    'queue',
    'waitSeconds',
    'credentials',
  ]);
  expect(queue({ endpoint, queue: 'a', url: '' })).toEqual(['url']);
});

test('a closed client has no queue', async () => {
  const closed = createSecretClient({ endpoints: [new FakeTransport()], precedence: 'code-only' });
  onTestFinished(() => client.close());
  await closed.close();

  expect(() => rotationQueue(closed, { endpoint: 'http://127.0.0.1:1', queue: 'a' })).toThrow('closed');
});
