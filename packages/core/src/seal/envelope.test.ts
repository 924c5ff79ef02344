import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import type { SecretRequest } from '../ports/transport.ts';
import type { Envelope } from './envelope.ts';
import { momentOf } from './envelope.ts';
import { createKeyring } from './keyring.ts';
import { firstKey, secondKey, stored } from './stored-secret.fixture.ts';

let envelope: Envelope;
beforeAll(async () => {
  envelope = await createKeyring({ keys: [firstKey, secondKey] }).unlock('');
});

const request: SecretRequest = { name: 'prod/db', stage: 'ACSCurrent' };

function sealed(bound?: Uint8Array): Buffer {
  return envelope.seal({ request, secret: stored() }, envelope.places(request)[0], bound);
}

/** Why it is not opened, or that it is. */
function verdict(bytes: Uint8Array, at: SecretRequest = request, bound?: Uint8Array): string {
  const opened = envelope.open(bytes, envelope.places(at)[0], bound);
  return 'problem' in opened ? opened.problem : 'opened';
}

const changed = 'was changed, damaged or put in the place of another';

test('what was sealed is opened whole, with the request it was the answer to', () => {
  const opened = envelope.open(sealed(), envelope.places(request)[0]);

  expect('secret' in opened && opened.secret.value === 's3cret-one').toBe(true);
  expect(opened).toMatchObject({ request, secret: { versionId: 'v1', fetchedAt: 1_767_323_046_000 } });
});

test.each(['', '\n', 'a\nb\n', '\ud800 half a character', '{"value":"\\n"}', 'ключ-🗝️'])(
  '%j is opened as it was',
  (value) => {
    const [place] = envelope.places(request);

    const opened = envelope.open(envelope.seal({ request, secret: stored({ value }) }, place), place);

    expect('secret' in opened && opened.secret.value === value).toBe(true);
  },
);

test('nothing of name and value can be read, and the same secret never looks the same', () => {
  const bytes = sealed();

  expect(['s3cret', 'prod/db', 'ACSCurrent'].map((text) => bytes.includes(text))).toEqual([false, false, false]);
  expect(bytes.subarray(30).equals(sealed().subarray(30))).toBe(false);
});

test('when it was fetched can be read without the key, and cannot be changed', () => {
  const bytes = sealed();
  expect(momentOf(bytes)).toBe(1_767_323_046_000);

  bytes.writeDoubleBE(1_767_323_046_001, 10);

  expect(verdict(bytes)).toBe(changed);
});

test.each<[string, SecretRequest]>([
  ['another name', { name: 'prod/db2', stage: 'ACSCurrent' }],
  ['another stage', { name: 'prod/db', stage: 'ACSPrevious' }],
  ['no stage', { name: 'prod/db' }],
  ['a version', { name: 'prod/db', stage: 'ACSCurrent', versionId: 'v1' }],
])('in the place of %s it is not opened', (_, other) => {
  expect(verdict(sealed(), other)).toBe(changed);
});

test('what was bound to it has to be there again', () => {
  expect(verdict(sealed(Buffer.from('a')), request, Buffer.from('a'))).toBe('opened');
  expect(verdict(sealed(Buffer.from('a')), request, Buffer.from('b'))).toBe(changed);
  expect(verdict(sealed(Buffer.from('a')))).toBe(changed);
});

test('a note is opened as what it was written about, and never as a secret', () => {
  const note = envelope.sealNote({ text: 'gone', at: 1_000 }, 'a removal');

  expect(envelope.openNote(note, 'a removal')).toEqual({ text: 'gone', at: 1_000 });
  expect(envelope.openNote(note, 'another removal')).toEqual({ problem: changed });
  expect(envelope.openNote(sealed(), 'a removal')).toEqual({ problem: changed });
  expect(verdict(note)).toBe(changed);
});

test('what another key or another version of the format has sealed says so', async () => {
  const other = await createKeyring({ key: 'ff00'.repeat(16) }).unlock('');
  const ofNext = sealed();
  ofNext[0] = 2;

  expect(verdict(other.seal({ request, secret: stored() }, other.places(request)[0]))).toMatch(
    /^was sealed with another key \([\da-f]{16}\) than ours$/u,
  );
  expect(verdict(ofNext)).toBe('is of format version 2, which this version of kms-secrets does not know');
});

test('a place names neither secret nor key, and is another by each key', () => {
  const [one, two] = envelope.places(request);
  const [sameName] = envelope.places({ name: 'prod/db', versionId: 'v7' });

  expect(Object.values(one).join('-')).toMatch(/^[\da-f]{16}-[\da-f]{32}-[\da-f]{32}$/u);
  expect(sameName.name).toBe(one.name);
  expect(sameName.request).not.toBe(one.request);
  expect(two?.name).not.toBe(one.name);
});

// What is measured beyond this is in the decision: 100,000 of each without a crash.
test('whatever happens to sealed bytes, they are opened whole or not at all', () => {
  const bytes = sealed();
  const change = fc.record({ at: fc.nat(bytes.length), cut: fc.nat(8), put: fc.uint8Array({ maxLength: 8 }) });

  fc.assert(
    fc.property(change, ({ at, cut, put }) => {
      const mutant = Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(at + cut)]);
      expect(verdict(mutant) === 'opened').toBe(mutant.equals(bytes));
    }),
    { numRuns: 5_000 },
  );
});

test('any bytes are a problem in words', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (bytes, hasHead) => {
      const whole = hasHead ? Buffer.concat([sealed().subarray(0, 10), bytes]) : bytes;
      expect(verdict(whole)).toMatch(/^(?:is|was) /u);
    }),
    { numRuns: 5_000 },
  );
});
