import { createKeyring } from '@kms-secrets/core';
import type { Envelope } from '@kms-secrets/core';
import { FakeClock } from '@kms-secrets/testing';
import fc from 'fast-check';
import { beforeAll, expect, test, vi } from 'vitest';
import { firstKey } from './fleet.fixture.ts';
import { MessageCodec } from './message-codec.ts';

const clock = new FakeClock();
let envelope: Envelope;
beforeAll(async () => {
  envelope = await createKeyring({ key: firstKey }).unlock('');
});

function codecOf(channel = 'news', onUnknownForm = (): void => {}): MessageCodec {
  return new MessageCodec({ envelope, clock, channel, onUnknownForm });
}

/** An authentic message with any text. */
function sealText(text: string, timestamp = clock.date()): Buffer {
  return envelope.sealMessage({ text, timestamp }, 'news on news');
}

function messages(writer: MessageCodec, count: number): Buffer[] {
  return Array.from({ length: count }, (_, index) => writer.encode({ kind: 'removed', name: `db-${index}` }));
}

function accepted(reader: MessageCodec, all: readonly Buffer[]): number {
  return all.filter((message) => reader.decode(message) !== undefined).length;
}

test('decodes what another process encoded', () => {
  const message = { kind: 'written', request: { name: 'db', stage: 'ACSCurrent' }, fetchedAt: 1_000 } as const;

  expect(codecOf().decode(codecOf().encode({ ...message, versionId: 'v1' }))).toEqual(message);
});

test('ignores its own messages and those of another channel', () => {
  const codec = codecOf();

  expect(codec.decode(codec.encode({ kind: 'removed', name: 'db' }))).toBeUndefined();
  expect(codec.decode(codecOf('other').encode({ kind: 'removed', name: 'db' }))).toBeUndefined();
});

test('decodes each message once, however many have followed', () => {
  const reader = codecOf();
  const all = messages(codecOf(), 17_000);

  expect(accepted(reader, all)).toBe(17_000);
  expect(accepted(reader, all)).toBe(0);
});

test('decodes messages that arrive in reverse order', () => {
  expect(accepted(codecOf(), messages(codecOf(), 100).toReversed())).toBe(100);
});

test('detects replays of ten thousand processes', () => {
  const reader = codecOf();
  const all = Array.from({ length: 10_000 }, () => codecOf().encode({ kind: 'removed', name: 'db' }));

  expect(accepted(reader, all)).toBe(10_000);
  expect(accepted(reader, all)).toBe(0);
});

const removed = { kind: 'removed', name: 'db' };

/** The text of an authentic message, version 1 unless `fields` say otherwise. */
function textOf(fields: object): string {
  return JSON.stringify({ version: 1, from: 'a', count: 1, name: 'db', refused: true, ...fields });
}

const written = { refused: false, versionId: 'v1', request: { name: 'db' }, fetchedAt: 1 };

test.each([
  'no JSON',
  'null',
  '7',
  '{}',
  textOf({ version: undefined }),
  textOf({ version: 0 }),
  textOf({ version: '2' }),
  textOf({ from: 7 }),
  textOf({ from: 'a'.repeat(65) }),
  textOf({ count: 'one' }),
  textOf({}).replace('"count":1', '"count":1e400'),
  textOf({ name: 7 }),
  textOf({ refused: 'yes' }),
  textOf({ versionId: 7 }),
  textOf({ name: 'x'.repeat(1_025) }),
  textOf({ versionId: 'x'.repeat(1_025) }),
  textOf({ ...written, request: 'db' }),
  textOf({ ...written, request: { name: 'db', stage: 7 } }),
  textOf({ ...written, request: { name: 'another' } }),
  textOf({ ...written, fetchedAt: 'now' }),
  textOf({ version: 2, refused: false }),
])('ignores an authentic message of an unknown form: %s', (text) => {
  const onUnknownForm = vi.fn<() => void>();
  const reader = codecOf('news', onUnknownForm);

  expect([reader.decode(sealText(text)), reader.decode(sealText(text))]).toEqual([undefined, undefined]);

  expect(onUnknownForm).toHaveBeenCalledTimes(1);
  expect(reader.decode(sealText(textOf({ count: 2 })))).toEqual(removed);
});

test('applies the core of a message of a later version', () => {
  const reader = codecOf();
  const later = { version: 7, request: ['db'], fetchedAt: 'later', region: 'cn-hangzhou' };

  expect(reader.decode(sealText(textOf({ ...later, count: 1, versionId: 'v1' })))).toEqual(removed);
  expect(reader.decode(sealText(textOf({ ...later, count: 2, refused: false, versionId: 'v2' })))).toEqual({
    kind: 'changed',
    name: 'db',
    versionId: 'v2',
  });
});

test('ignores further fields of a message', () => {
  const request = { name: 'db', region: 'cn-hangzhou' };

  expect(codecOf().decode(sealText(textOf({ ...written, request, reason: 'rotated' })))).toEqual({
    kind: 'written',
    request: { name: 'db' },
    fetchedAt: 1,
  });
});

test('detects a replayed message of a later version', () => {
  const reader = codecOf();
  const message = sealText(textOf({ version: 2 }));

  expect([reader.decode(message), reader.decode(message)]).toEqual([removed, undefined]);
});

test('ignores a message without a date', () => {
  expect(codecOf().decode(sealText(textOf({}), Number.NaN))).toBeUndefined();
});

test('decodes any bytes and any authentic text without throwing', () => {
  const field = fc.oneof(fc.jsonValue(), fc.constantFrom(true, false, 'db', { name: 'db' }, 1, 2));
  const names = ['version', 'from', 'count', 'name', 'versionId', 'refused', 'request', 'fetchedAt'];
  const changes = fc.dictionary(fc.constantFrom(...names), field);
  const content = fc.constantFrom(textOf({}), textOf(written), textOf({ ...written, version: 2 }));
  const changed = fc
    .tuple(content, changes)
    .map(([one, change]) => JSON.stringify({ ...(JSON.parse(one) as object), ...change }));
  const text = fc.oneof(fc.string(), fc.json(), changed);
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    text.map((one) => sealText(one)),
  );
  const reader = codecOf();
  const writer = codecOf();

  fc.assert(
    fc.property(bytes, (one) => {
      const decoded = reader.decode(one);
      const name = decoded?.kind === 'written' ? decoded.request.name : decoded?.name;
      expect(typeof name).toBe(decoded === undefined ? 'undefined' : 'string');
      expect(reader.decode(writer.encode({ kind: 'removed', name: 'db' }))).toEqual(removed);
    }),
    { numRuns: 3_000 },
  );
});
