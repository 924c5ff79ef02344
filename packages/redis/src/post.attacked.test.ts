import { createKeyring } from '@kms-secrets/core';
import { FakeClock } from '@kms-secrets/testing';
import { expect, test } from 'vitest';
import { firstKey } from './fleet.fixture.ts';
import { Post } from './post.ts';

async function posts(count: number): Promise<{ readonly clock: FakeClock; readonly all: readonly Post[] }> {
  const clock = new FakeClock();
  const envelope = await createKeyring({ key: firstKey }).unlock('');
  const all = Array.from({ length: count }, () => new Post({ envelope, clock, channel: 'news' }));
  return { clock, all };
}

test('a message is news once, however many have come since', async () => {
  const [writer, reader] = (await posts(2)).all as [Post, Post];
  const messages = Array.from({ length: 17_000 }, (_, index) => writer.write({ kind: 'removed', name: `db-${index}` }));

  expect(messages.filter((message) => reader.read(message) !== undefined).length).toBe(17_000);
  expect(messages.filter((message) => reader.read(message) !== undefined).length).toBe(0);
});

test('messages that overtake each other are all news', async () => {
  const [writer, reader] = (await posts(2)).all as [Post, Post];
  const messages = Array.from({ length: 100 }, (_, index) => writer.write({ kind: 'removed', name: `db-${index}` }));

  expect(messages.toReversed().filter((message) => reader.read(message) !== undefined).length).toBe(100);
});

test('what a fleet of ten thousand processes has said is known again', async () => {
  const { all } = await posts(10_001);
  const [reader, ...writers] = all as [Post, ...Post[]];
  const messages = writers.map((writer) => writer.write({ kind: 'removed', name: 'db' }));

  expect(messages.filter((message) => reader.read(message) !== undefined).length).toBe(10_000);
  expect(messages.filter((message) => reader.read(message) !== undefined).length).toBe(0);
});
