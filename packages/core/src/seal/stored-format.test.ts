// Golden vectors of docs/store-format.md. A failure here means that existing entries become unreadable: a change of the
// format needs a new version byte beside the old one.
import { hkdfSync } from 'node:crypto';
import { beforeAll, expect, test } from 'vitest';
import type { Envelope } from './envelope.ts';
import { keyValueStore } from './key-value-store.ts';
import { createKeyring } from './keyring.ts';
import { goldenKey, goldenSealKey, openRaw, stored } from './stored-secret.fixture.ts';

const request = { name: 'prod/db', stage: 'ACSCurrent' };
const secret = stored({
  name: 'prod/db',
  rotation: { state: 'Enabled', interval: 604_800_000, lastAt: undefined, nextAt: undefined },
  extendedConfig: { a: 1 },
});
const location = {
  keyId: '74257fce87a4243c',
  nameHash: '9412cf1a2f4bc4e2af04d1d27334ef74',
  requestHash: 'c21d91fbd3e2c13ef20c33789ea01cd3',
};

let envelope: Envelope;
beforeAll(async () => {
  envelope = await createKeyring({ key: goldenKey }).unlock('');
});

test('derives the sealing key by HKDF-SHA256', () => {
  const derived = hkdfSync('sha256', Buffer.from(goldenKey, 'hex'), '', 'kms-secrets seal 1', 32);

  expect(Buffer.from(derived).toString('hex')).toBe(goldenSealKey);
});

test.each([
  [{ name: 'prod/db' }, '8f286a47f7be050cd098ffee166dbc50'],
  [{ name: 'prod/db', stage: 'ACSCurrent' }, 'c21d91fbd3e2c13ef20c33789ea01cd3'],
  [{ name: 'prod/db', versionId: 'v7' }, '2e084c5fb3737e8b7f8d66e681148a39'],
  [{ name: 'prod/db', stage: 'ACSPrevious', versionId: 'v7' }, '36abe905d848b950241bd6b7a25c5437'],
])('hashes the request %j', (one, hash) => {
  expect(envelope.locations(one)).toEqual([{ ...location, requestHash: hash }]);
});

test('derives a key from a passphrase by scrypt', async () => {
  const salt = Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex');

  const [derived] = (await createKeyring({ passphrase: 's3cret-passphrase' }).unlock(salt)).locations(request);

  expect(derived).toEqual({
    keyId: 'cd49943fa73f62f8',
    nameHash: '0cf7a7369431139abc22c8cadf371187',
    requestHash: '3fbdf3d03208d3f723e76b4acdeac4f0',
  });
});

const golden = {
  secret: [
    'AQF0JX/Oh6QkPEJ5t8qZBwAA+3rwWjj51jRf85MyYP1fejrZ50q4+0rh1j4I8cidlf8EU7S+n3T0z02A9wOiH7JutQhMkOmd',
    'v8bOwXIAfcDxGxKvoEFqHLFoT8a8ZfpU2088tmW0e4/uA5Jubav6JU28MB85/gqR4GmSUH84LcbcieHdizECv1En8DWAmjVR',
    '/+WEjbG+KgATKGC07QaTWvQAJJGwAuCpMAmJrqb0lHY3FYoiPL5odJp+YOh/tkkfwc4owRQ0nNZzIlxI9P+qSOwwcFmIxqLx',
    'QMUWAL/CZ9aqvVdDMFd4wRnuK3LSttnH9c3DpB/z8S8aGNyeIWbSpJYYCcK6s+zddtBDOMZLqomgtotR6J+1sSVaaBi3ejkG',
    'DuuvgcX5S9vzbV2bvBxPK/g=',
  ].join(''),
  secretOfMyApp: [
    'AQF0JX/Oh6QkPEJ5t8qZBwAAv3noFz4uDakqSSaaqd+1gHVzNi2zDE3rRtd2x3WT8jIBcWa2aLsk78N3PCJCFYkrRcWq+eOW',
    '5+8QvHF8CzPQX8lln25EETOdOfrCN1O85yJ0NSAwy4X0IjGiuHhSBBVjjqrg49WI8DPUqBN9Gn8RjQwi7pvAFFg+3g6R0X0c',
    '31XzhEGLrwxugH9/dOlwtkCRN7CdGRFD5buog1meEgIf+gVZ9A9UXQXJlcjur1AwQ6zdyfO80/qN7W8OoTkRlmZ6Gqe3XiZi',
    'vHuP68Qmz9MLcYdkMW4znbAOd5fcrE8DlHJ9wxZUEoUliiLs1KgunP9BaQlt4LbW9wECeaN1FiIZUhY5mD80rdVu8qKhvs+k',
    'l16v9rTYY3QCFUvCvxywI84=',
  ].join(''),
  loneSurrogate: [
    'AQF0JX/Oh6QkPEJ5t8qZBwAABouYAjkAjigyrzNYv4EGHhyJ3Yb7qPNB6haAnidMxd4uOOKZK5kdCMy2rEHjI+Z620qa8xjU',
    '1VhjSlW53F4p2B2G2WOo1Wti64INTw7mEX7RTqKQqJCOEfiWUkaiLsolc72wOIq+CJgD43GHXBvQNfr+QweNzZ4cYJNf27Q+',
    '8QrmvaSc9DqGSlqxv8cxnjRrN+MJJ54ZLJBvAi6+02fzggODjLORlmBSI7FK/tUp7TbAMWBp3FWCcjYf0w7y6rAU/brmwzPC',
    'pmNSvdPpgzaPLcPFUX4zx5/RaNFN4K7spToeYZYsswOcoTW36aqVgD4KFB3qlPSknk+GNmiKdNl12l2UcqvVfZsBUD0BaY1o',
    'lAU5bQh3o0kCpzA/EoMm3XVsB9qTKbvxjclW6A==',
  ].join(''),
  message: 'AQJ0JX/Oh6QkPEJ5t8qZBwAAmKeSXYJ+1hiS258K9SKdgQ9hQUEan4R1JtKPq4BMzVQ=',
};

test.each([
  ['a secret', golden.secret, secret, undefined],
  ['a secret with associated data', golden.secretOfMyApp, secret, Buffer.from('my-app')],
  ['a value that is not valid Unicode', golden.loneSurrogate, { ...secret, value: '\ud800 half' }, undefined],
])('unseals %s of format version 1', (...[, sealed, expected, associatedData]) => {
  const opened = envelope.unseal(Buffer.from(sealed, 'base64'), location, associatedData);

  expect('secret' in opened && opened.secret.value === expected.value).toBe(true);
  expect(opened).toEqual({ request: { ...request, versionId: undefined }, secret: expected });
});

test('unseals a message of format version 1', () => {
  expect(envelope.unsealMessage(Buffer.from(golden.message, 'base64'), 'a removal')).toEqual({
    text: 'gone',
    timestamp: 1_767_323_046_000,
  });
});

/** Version 1, kind, key id, timestamp, as hex. */
const head = (kind: '01' | '02'): string => `01${kind}${location.keyId}4279b7ca99070000`;

const fields =
  '{"name":"prod/db","versionId":"v1","stages":["ACSCurrent"],"type":"Generic","dataType":"text",' +
  '"createdAt":1767323045000,"rotation":{"state":"Enabled","interval":604800000},"extendedConfig":{"a":1}';

test.each([
  ['a secret', secret, `${fields}}}\ns3cret-one`],
  ['a value that is not valid Unicode', { ...secret, value: '\ud800 half' }, `${fields},"value":"\\ud800 half"}}`],
])('seals %s in format version 1', (_, one, content) => {
  const sealed = envelope.seal({ request, secret: one }, location, Buffer.from('my-app'));

  expect(sealed.toString('hex', 0, 18)).toBe(head('01'));
  expect(openRaw(sealed, `${location.nameHash}${location.requestHash}my-app`)).toBe(
    `{"request":["prod/db","ACSCurrent",null],"secret":${content}`,
  );
});

test('seals a message in format version 1', () => {
  const sealed = envelope.sealMessage({ text: 'gone', timestamp: 1_767_323_046_000 }, 'a removal');

  expect(sealed.toString('hex', 0, 18)).toBe(head('02'));
  expect(openRaw(sealed, 'a removal')).toBe('gone');
});

const field = `${location.requestHash}.v1`;
const bundleKey = `kms-secrets:${location.keyId}:${location.nameHash}`;

test('a key-value store reads a bundle of format version 1', async () => {
  const storage = new Map([[bundleKey, JSON.stringify({ [field]: golden.secret })]]);

  const found = await keyValueStore({ name: 'map', storage, key: goldenKey }).read(request);

  expect(found?.value === secret.value).toBe(true);
  expect(found).toEqual(secret);
});

test('a key-value store writes a bundle in format version 1', async () => {
  const storage = new Map<string, string>();

  await keyValueStore({ name: 'map', storage, key: goldenKey }).write(request, secret);

  expect([...storage.keys()]).toEqual([bundleKey]);
  const bundle = JSON.parse(storage.get(bundleKey) ?? '') as Record<string, string>;
  expect(Object.keys(bundle)).toEqual([field]);
  const text = bundle[field] ?? '';
  const sealed = Buffer.from(text, 'base64');
  expect(text === sealed.toString('base64')).toBe(true);
  expect(sealed.toString('hex', 0, 18)).toBe(head('01'));
  expect(openRaw(sealed, `${location.nameHash}${location.requestHash}`)).toBe(
    `{"request":["prod/db","ACSCurrent",null],"secret":${fields}}}\ns3cret-one`,
  );
});

test.each([
  [undefined, 'kms-secrets:a294c46a3c336a7a'],
  ['my-app/', 'my-app/7e1b494766a2b475'],
])(
  'a key-value store with the prefix %s derives the key of a passphrase with it',
  async (prefix, start) => {
    const storage = new Map<string, string>();

    await keyValueStore({ name: 'map', storage, passphrase: 's3cret-passphrase', prefix }).write(request, secret);

    expect([...storage.keys()].map((key) => key.slice(0, start.length))).toEqual([start]);
  },
  30_000,
);
