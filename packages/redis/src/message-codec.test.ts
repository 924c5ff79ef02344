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

  expect(codecOf().decode(codecOf().encode(message))).toEqual(message);
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

test.each([
  'no JSON',
  'null',
  '7',
  '{}',
  '{"from":"a","count":1}',
  '{"from":"a","count":1,"message":null}',
  '{"from":"a","count":1,"message":{"kind":"removed"}}',
  '{"from":"a","count":1,"message":{"kind":"written","request":"db","fetchedAt":1}}',
  '{"from":"a","count":1,"message":{"kind":"written","request":{"name":"db","stage":7},"fetchedAt":1}}',
  '{"from":"a","count":1,"message":{"kind":"unavailable","reason":"x"}}',
  '{"from":7,"count":1,"message":{"kind":"removed","name":"db"}}',
  '{"from":"a","count":1e400,"message":{"kind":"removed","name":"db"}}',
])('ignores an authentic message of an unknown form: %s', (text) => {
  const onUnknownForm = vi.fn<() => void>();
  const reader = codecOf('news', onUnknownForm);

  expect([reader.decode(sealText(text)), reader.decode(sealText(text))]).toEqual([undefined, undefined]);

  expect(onUnknownForm).toHaveBeenCalledTimes(1);
  expect(reader.decode(sealText('{"from":"a","count":2,"message":{"kind":"removed","name":"db"}}'))).toEqual(removed);
});

test('ignores a message without a date', () => {
  const text = '{"from":"a","count":1,"message":{"kind":"removed","name":"db"}}';

  expect(codecOf().decode(sealText(text, Number.NaN))).toBeUndefined();
});

test('decodes any bytes and any authentic text without throwing', () => {
  const field = fc.oneof(fc.jsonValue(), fc.constantFrom('written', 'removed', { name: 'db' }, 1));
  const message = fc.record({ kind: field, name: field, request: field, fetchedAt: field }, { requiredKeys: [] });
  const content = fc.record({ from: field, count: field, message: fc.oneof(field, message) }, { requiredKeys: [] });
  const text = fc.oneof(
    fc.string(),
    fc.json(),
    content.map((value) => JSON.stringify(value)),
  );
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
