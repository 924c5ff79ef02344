import { createKeyring } from '@kms-secrets/core';
import type { Envelope } from '@kms-secrets/core';
import { FakeClock } from '@kms-secrets/testing';
import { beforeAll, expect, test } from 'vitest';
import { firstKey } from './fleet.fixture.ts';
import { MessageCodec } from './message-codec.ts';

const clock = new FakeClock();
let envelope: Envelope;
beforeAll(async () => {
  envelope = await createKeyring({ key: firstKey }).unlock('');
});

function codecOf(channel = 'news'): MessageCodec {
  return new MessageCodec({ envelope, clock, channel });
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
