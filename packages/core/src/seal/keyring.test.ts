import { expect, test } from 'vitest';
import { isSecretError } from '../secret/errors.ts';
import { createKeyring } from './keyring.ts';
import type { KeyringOptions } from './keyring.ts';
import { firstKey, secondKey, stored } from './stored-secret.fixture.ts';

const passphrase = 's3cret-passphrase';
const request = { name: 'db' };

/** Whether what is sealed with the one keyring opens with the other. */
async function fits(one: KeyringOptions, other: KeyringOptions): Promise<boolean> {
  const sealing = await createKeyring(one).unlock('');
  const opening = await createKeyring(other).unlock('');
  const sealed = sealing.seal({ request, secret: stored() }, sealing.places(request)[0]);
  return opening.places(request).some((place) => 'secret' in opening.open(sealed, place));
}

const bytes = Buffer.from(firstKey, 'base64');

test.each<[string, KeyringOptions]>([
  ['bytes', { key: bytes }],
  ['base64', { key: firstKey }],
  ['base64 without its padding, as URLs have it', { key: bytes.toString('base64url') }],
  ['hex', { key: bytes.toString('hex').toUpperCase() }],
  ['the last line of a file', { key: `${firstKey}\n` }],
  ['one of a list', { keys: [secondKey, bytes] }],
])('a key is the same key as %s', async (_, options) => {
  expect(await fits({ key: bytes }, options)).toBe(true);
});

test('the first key of a list seals, and every key of it opens', async () => {
  expect(await fits({ keys: [secondKey, firstKey] }, { key: secondKey })).toBe(true);
  expect(await fits({ keys: [secondKey, firstKey] }, { key: firstKey })).toBe(false);
});

test('a passphrase is the same key in every process that has the same salt, however its letters are composed', async () => {
  const composed = 'caf\u00e9 s3cret-passphrase';
  const other = createKeyring({ keys: [firstKey, { passphrase: composed.normalize('NFD') }] });

  const [one, same, salted] = await Promise.all([
    createKeyring({ passphrase: composed }).unlock('a'),
    other.unlock('a'),
    other.unlock('b'),
  ]);

  const [place] = one.places(request);
  expect(same.places(request)).toContainEqual(place);
  expect(salted.places(request)).not.toContainEqual(place);
}, 30_000);

test('a salt is wanted for a passphrase alone', () => {
  expect(createKeyring({ key: firstKey }).hasPassphrase).toBe(false);
  expect(createKeyring({ keys: [firstKey, { passphrase }] }).hasPassphrase).toBe(true);
});

test('what the user does to the bytes of a key afterwards changes nothing', async () => {
  const key = Uint8Array.from(bytes);
  const keyring = createKeyring({ key });
  key.fill(0);

  const [place] = (await keyring.unlock('')).places(request);

  expect(place).toEqual((await createKeyring({ key: firstKey }).unlock('')).places(request)[0]);
});

const wrong = 's3cret-key-of-another-length';

test.each<[string, unknown, string]>([
  ['none', {}, 'key (option): expected exactly one of key, keys, passphrase, got none'],
  ['two', { key: firstKey, passphrase }, 'got key and passphrase'],
  ['no list', { keys: firstKey }, 'keys (option): expected a list of keys'],
  [
    'an empty list',
    { keys: [] },
    'keys (option): expected a list of keys, of which the first seals and all open, got a list',
  ],
  [
    'a short key',
    { key: bytes.subarray(1) },
    'key (option): expected a key of 32 bytes, as they are or as base64 or hex text, got 31 bytes',
  ],
  ['a long key', { key: `${bytes.toString('hex')}00` }, 'got 33 bytes'],
  ['a key that is text', { key: 's3cret: not base64' }, 'got a text of 18 characters'],
  ['an empty key', { key: '' }, 'got a text of 0 characters'],
  ['a number', { key: 1 }, 'got a number'],
  ['null', { key: null }, 'got null'],
  ['a key of nothing but zeros', { key: new Uint8Array(32) }, 'got 32 times the same byte'],
  ['a wrong one in a list', { keys: [firstKey, wrong] }, 'keys[1] (option): expected a key of 32 bytes'],
  [
    'an empty passphrase',
    { passphrase: '' },
    'passphrase (option): expected a passphrase of at least 12 characters, got a text of 0',
  ],
  ['a passphrase of blanks', { passphrase: ' '.repeat(20) }, 'got a text of 20 characters'],
  [
    'a short passphrase',
    { keys: [{ passphrase: 's3cret-hunt' }] },
    'keys[0] (option): expected a passphrase of at least 12 characters, got a text of 11',
  ],
  ['a passphrase that is none', { passphrase: 12 }, 'got a number'],
])('%s is refused in words that hold no key', (_, options, words) => {
  let error: unknown;
  try {
    createKeyring(options as KeyringOptions); // what a user of plain JavaScript writes
  } catch (thrown) {
    error = thrown;
  }

  expect(isSecretError(error, 'ERR_CONFIGURATION') && error.message).toContain(words);
  expect(String(error).includes('s3cret')).toBe(false);
});
