import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { isSecretError } from '../secret/errors.ts';
import { createKeyring } from './keyring.ts';
import type { KeyringOptions } from './keyring.ts';
import { firstKey, secondKey, stored } from './stored-secret.fixture.ts';

const passphrase = 's3cret-passphrase';
const request = { name: 'db' };

/** Whether the second keyring unseals what the first one sealed. */
async function opens(one: KeyringOptions, other: KeyringOptions): Promise<boolean> {
  const sealing = await createKeyring(one).unlock('');
  const opening = await createKeyring(other).unlock('');
  const sealed = sealing.seal({ request, secret: stored() }, sealing.locations(request)[0]);
  return opening.locations(request).some((place) => 'secret' in opening.unseal(sealed, place));
}

const bytes = Buffer.from(firstKey, 'base64');

test.each<[string, KeyringOptions]>([
  ['bytes', { key: bytes }],
  ['base64', { key: firstKey }],
  ['base64url without padding', { key: bytes.toString('base64url') }],
  ['hex', { key: bytes.toString('hex').toUpperCase() }],
  ['text with a line break at its end', { key: `${firstKey}\n` }],
  ['an element of a list', { keys: [secondKey, bytes] }],
])('accepts a key as %s', async (_, options) => {
  expect(await opens({ key: bytes }, options)).toBe(true);
});

test('seals with the first key of a list and unseals with all of them', async () => {
  expect(await opens({ keys: [secondKey, firstKey] }, { key: secondKey })).toBe(true);
  expect(await opens({ keys: [secondKey, firstKey] }, { key: firstKey })).toBe(false);
});

test('derives the same key from a passphrase and a salt, in every Unicode form', async () => {
  const composed = 'caf\u00e9 \ufb01lter s3cret-passphrase'; // with the ligature "fi"
  const other = createKeyring({ keys: [firstKey, { passphrase: composed.normalize('NFKD') }] });

  const [one, same, salted] = await Promise.all([
    createKeyring({ passphrase: composed }).unlock('a'),
    other.unlock('a'),
    other.unlock('b'),
  ]);

  const [place] = one.locations(request);
  expect(same.locations(request)).toContainEqual(place);
  expect(salted.locations(request)).not.toContainEqual(place);
});

test('needs a salt only for a passphrase', () => {
  expect(createKeyring({ key: firstKey }).needsSalt).toBe(false);
  expect(createKeyring({ keys: [firstKey, { passphrase }] }).needsSalt).toBe(true);
});

test('accepts bytes of another realm, as a Buffer is inside Jest', () => {
  const key = runInNewContext('Uint8Array.from({ length: 32 }, (_, index) => index)') as Uint8Array;

  expect(key instanceof Uint8Array).toBe(false);
  expect(() => createKeyring({ key })).not.toThrow();
});

test('copies the bytes of a key', async () => {
  const key = Uint8Array.from(bytes);
  const keyring = createKeyring({ key });
  key.fill(0);

  const [place] = (await keyring.unlock('')).locations(request);

  expect(place).toEqual((await createKeyring({ key: firstKey }).unlock('')).locations(request)[0]);
});

const wrong = 's3cret-key-of-another-length';

test.each<[string, unknown, string]>([
  ['no key', {}, 'key (option): expected exactly one of key, keys, passphrase, got none'],
  ['two options', { key: firstKey, passphrase }, 'got key and passphrase'],
  ['keys that are not a list', { keys: firstKey }, 'keys (option): expected a non-empty list of keys'],
  [
    'an empty list',
    { keys: [] },
    'keys (option): expected a non-empty list of keys: the first one encrypts, all of them decrypt, got a list',
  ],
  [
    'a short key',
    { key: bytes.subarray(1) },
    'key (option): expected a key of 32 bytes, raw or as base64 or hex text, got 31 bytes',
  ],
  ['a long key', { key: `${bytes.toString('hex')}00` }, 'got 33 bytes'],
  ['text that is neither base64 nor hex', { key: 's3cret: not base64' }, 'got a string of 18 characters'],
  ['an empty key', { key: '' }, 'got a string of 0 characters'],
  ['a number', { key: 1 }, 'got a number'],
  ['null', { key: null }, 'got null'],
  ['a key of zeros', { key: new Uint8Array(32) }, 'got the same byte 32 times'],
  ['a wrong key in a list', { keys: [firstKey, wrong] }, 'keys[1] (option): expected a key of 32 bytes'],
  [
    'an empty passphrase',
    { passphrase: '' },
    'passphrase (option): expected a passphrase of at least 12 characters, got a string of 0',
  ],
  ['a passphrase of spaces', { passphrase: ' '.repeat(20) }, 'got a string of 20 characters'],
  [
    'a short passphrase',
    { keys: [{ passphrase: 's3cret-hunt' }] },
    'keys[0] (option): expected a passphrase of at least 12 characters, got a string of 11',
  ],
  ['a passphrase that is a number', { passphrase: 12 }, 'got a number'],
])('rejects %s without showing the key', (_, options, message) => {
  let error: unknown;
  try {
    createKeyring(options as KeyringOptions); // as in plain JavaScript
  } catch (thrown) {
    error = thrown;
  }

  expect(isSecretError(error, 'ERR_CONFIGURATION') && error.message).toContain(message);
  expect(String(error).includes('s3cret')).toBe(false);
});

test('has a pending promise while it derives a key from a passphrase', async () => {
  const keyring = createKeyring({ passphrase });
  expect(keyring.deriving).toBeUndefined();

  const unlocked = keyring.unlock('salt');
  await expect.poll(() => keyring.deriving).toBeDefined();
  await unlocked;

  expect(keyring.deriving).toBeUndefined();
});
