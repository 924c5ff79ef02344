import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import type { SecretRequest } from '../secret/secret-request.ts';
import type { Envelope } from './envelope.ts';
import { timestampOf } from './envelope.ts';
import { createKeyring } from './keyring.ts';
import { firstKey, sealRaw, secondKey, stored } from './stored-secret.fixture.ts';

let envelope: Envelope;
beforeAll(async () => {
  envelope = await createKeyring({ keys: [firstKey, secondKey] }).unlock('');
});

const request: SecretRequest = { name: 'prod/db', stage: 'ACSCurrent' };

function sealed(associatedData?: Uint8Array): Buffer {
  return envelope.seal({ request, secret: stored() }, envelope.locations(request)[0], associatedData);
}

/** Why the bytes are not trusted, or `opened`. */
function verdict(bytes: Uint8Array, at: SecretRequest = request, associatedData?: Uint8Array): string {
  const opened = envelope.unseal(bytes, envelope.locations(at)[0], associatedData);
  return 'reason' in opened ? opened.reason : 'opened';
}

const tampered = 'is not authentic (modified, damaged or moved)';

test('unseals every field of a secret and its request', () => {
  const opened = envelope.unseal(sealed(), envelope.locations(request)[0]);

  expect('secret' in opened && opened.secret.value === 's3cret-one').toBe(true);
  expect(opened).toMatchObject({ request, secret: { versionId: 'v1', fetchedAt: 1_767_323_046_000 } });
});

test.each(['', '\n', 'a\nb\n', '\ud800 half a character', '{"value":"\\n"}', 'ключ-🗝️'])(
  'unseals the value %j unchanged',
  (value) => {
    const [place] = envelope.locations(request);

    const opened = envelope.unseal(envelope.seal({ request, secret: stored({ value }) }, place), place);

    expect('secret' in opened && opened.secret.value === value).toBe(true);
  },
);

test('hides name and value, and never produces the same bytes twice', () => {
  const bytes = sealed();

  expect(['s3cret', 'prod/db', 'ACSCurrent'].map((text) => bytes.includes(text))).toEqual([false, false, false]);
  expect(bytes.subarray(30).equals(sealed().subarray(30))).toBe(false);
});

test('exposes the fetch time in the header, and authenticates it', () => {
  const bytes = sealed();
  expect(timestampOf(bytes)).toBe(1_767_323_046_000);

  bytes.writeDoubleBE(1_767_323_046_001, 10);

  expect(verdict(bytes)).toBe(tampered);
});

test.each<[string, SecretRequest]>([
  ['another name', { name: 'prod/db2', stage: 'ACSCurrent' }],
  ['another stage', { name: 'prod/db', stage: 'ACSPrevious' }],
  ['no stage', { name: 'prod/db' }],
  ['a version', { name: 'prod/db', stage: 'ACSCurrent', versionId: 'v1' }],
])('does not unseal at the location of %s', (_, other) => {
  expect(verdict(sealed(), other)).toBe(tampered);
});

test('requires the same associated data', () => {
  expect(verdict(sealed(Buffer.from('a')), request, Buffer.from('a'))).toBe('opened');
  expect(verdict(sealed(Buffer.from('a')), request, Buffer.from('b'))).toBe(tampered);
  expect(verdict(sealed(Buffer.from('a')))).toBe(tampered);
});

test('unseals a message only in its context, and never as a secret', () => {
  const message = envelope.sealMessage({ text: 'gone', timestamp: 1_000 }, 'a removal');

  expect(envelope.unsealMessage(message, 'a removal')).toEqual({ text: 'gone', timestamp: 1_000 });
  expect(envelope.unsealMessage(message, 'another removal')).toEqual({ reason: tampered });
  expect(envelope.unsealMessage(sealed(), 'a removal')).toEqual({ reason: tampered });
  expect(verdict(message)).toBe(tampered);
});

test('names an unknown key and an unknown format version', async () => {
  const other = await createKeyring({ key: 'ff00'.repeat(16) }).unlock('');
  const nextVersion = sealed();
  nextVersion[0] = 2;

  expect(verdict(other.seal({ request, secret: stored() }, other.locations(request)[0]))).toMatch(
    /^was sealed with an unknown key \([\da-f]{16}\)$/u,
  );
  expect(verdict(nextVersion)).toBe('has format version 2 instead of 1');
});

test('locates a secret by hashes that differ from key to key', () => {
  const [one, two] = envelope.locations(request);
  const [sameName] = envelope.locations({ name: 'prod/db', versionId: 'v7' });

  expect(Object.values(one).join('-')).toMatch(/^[\da-f]{16}-[\da-f]{32}-[\da-f]{32}$/u);
  expect(sameName.nameHash).toBe(one.nameHash);
  expect(sameName.requestHash).not.toBe(one.requestHash);
  expect(two?.nameHash).not.toBe(one.nameHash);
});

// Decision 0015 has the result of 100,000 runs.
test('unseals modified bytes entirely or not at all', () => {
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

test('explains why random bytes are not trusted', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (bytes, hasHeader) => {
      const whole = hasHeader ? Buffer.concat([sealed().subarray(0, 10), bytes]) : bytes;
      expect(verdict(whole)).toMatch(/^(?:is|was|has) /u);
    }),
    { numRuns: 5_000 },
  );
});

/** Unseals an authentic entry with any text. */
function openText(text: string): ReturnType<Envelope['unseal']> {
  const [place] = envelope.locations(request);
  const associatedData = place.nameHash + place.requestHash;
  return envelope.unseal(sealRaw({ key: firstKey, kind: 'secret', text, associatedData }), place);
}

const noSecret = { reason: 'was sealed with the right key but holds no secret' };
const validFields = { name: 'db', versionId: 'v1', type: 'Generic', dataType: 'text', value: 's3cret-one', stages: [] };

test.each<[string, unknown]>([
  ['no object', null],
  ['no request', { secret: validFields }],
  ['a request that is no list', { request: 'db', secret: validFields }],
  ['a stage that is no text', { request: ['db', 7, null], secret: validFields }],
  ['stages that are no texts', { request: ['db', null, null], secret: { ...validFields, stages: [7] } }],
  ['a value that is no text', { request: ['db', null, null], secret: { ...validFields, value: {} } }],
  ['a rotation that is no object', { request: ['db', null, null], secret: { ...validFields, rotation: 7 } }],
  ['a date that is no number', { request: ['db', null, null], secret: { ...validFields, createdAt: 'now' } }],
])('does not trust an authentic entry with %s', (_what, content) => {
  expect(openText(JSON.stringify({ request: ['db', null, null], secret: validFields }))).toHaveProperty('secret');
  expect(openText(JSON.stringify(content))).toEqual(noSecret);
});

test('unseals authentic entries of any text without throwing', () => {
  const content = fc.record(
    { request: fc.oneof(fc.jsonValue(), fc.array(fc.jsonValue())), secret: fc.dictionary(fc.string(), fc.jsonValue()) },
    { requiredKeys: [] },
  );
  const text = fc.oneof(
    fc.string(),
    fc.json(),
    content.map((value) => JSON.stringify(value)),
  );

  fc.assert(
    fc.property(text, (one) => {
      const opened = openText(one);
      expect('secret' in opened ? typeof opened.request.name : opened).toEqual(
        'secret' in opened ? 'string' : noSecret,
      );
    }),
    { numRuns: 2_000 },
  );
});

test('marks bytes of a later format version only if they name a known key', () => {
  const [place] = envelope.locations(request);
  const later = Buffer.from(sealed().with(0, 2));
  const unknownKey = Buffer.from(later.with(5, (later[5] ?? 0) ^ 1));
  const earlier = Buffer.from(sealed().with(0, 0));

  expect(envelope.unseal(later, place)).toMatchObject({ isNewer: true });
  expect(envelope.unsealMessage(later, 'news')).toMatchObject({ isNewer: true });
  expect(envelope.unseal(unknownKey, place)).not.toHaveProperty('isNewer');
  expect(envelope.unseal(earlier, place)).not.toHaveProperty('isNewer');
});
