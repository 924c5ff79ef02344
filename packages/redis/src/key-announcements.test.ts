import type { StoreEvent } from '@kms-secrets/core';
import { FakeClock } from '@kms-secrets/testing';
import { expect, test } from 'vitest';
import { KeyAnnouncements } from './key-announcements.ts';

const [ours, theirs] = ['36a77759e51b1e14', '1965b9144a848d44'] as const;

/** One process of a fleet. `connect` delivers what it publishes to another one. */
function processWith(clock: FakeClock, ...keyIds: readonly string[]) {
  const events: StoreEvent[] = [];
  const published: Buffer[] = [];
  const receivers: KeyAnnouncements[] = [];
  const announcements = new KeyAnnouncements({
    clock,
    keyIds,
    prefix: 'my-app',
    publish: (bytes) => {
      published.push(bytes);
      for (const receiver of receivers) receiver.received(bytes);
    },
    emit: (event) => events.push(event),
  });
  return { announcements, events, published, connect: (other: KeyAnnouncements) => receivers.push(other) };
}

function pair(ourKeys: readonly string[], theirKeys: readonly string[]) {
  const clock = new FakeClock();
  const [one, other] = [processWith(clock, ...ourKeys), processWith(clock, ...theirKeys)];
  one.connect(other.announcements);
  other.connect(one.announcements);
  return { clock, one, other };
}

test('processes with different keys notice each other within half a minute of the start of one', async () => {
  const { clock, one, other } = pair([ours], [theirs]);
  other.announcements.start();
  await clock.pass('30s');

  expect(one.events).toEqual([
    {
      kind: 'foreignKeys',
      keyIds: [theirs],
      reason:
        `other processes use the prefix my-app with the key ${theirs}, which this one does not have (it has ${ours}), ` +
        'so they share no secrets. Set the same key in all processes of an application, and another prefix for each application',
    },
  ]);
  expect(other.events).toMatchObject([{ kind: 'foreignKeys', keyIds: [ours] }]);
});

test('a process with both keys is no conflict, while the old one is announced', async () => {
  const { clock, one, other } = pair([ours, theirs], [theirs, ours]);
  one.announcements.start();
  other.announcements.start();
  await clock.pass('1h');

  expect([one.events, other.events]).toEqual([[], []]);
});

test('announces the first key every five minutes, and reports a foreign one once', async () => {
  const { clock, one, other } = pair([ours], [theirs, ours]);
  other.announcements.start();
  await clock.pass('1h');

  expect(one.events).toHaveLength(1);
  expect(other.published).toHaveLength(12);
  expect(new Set(other.published.map((bytes) => bytes.toString('hex').slice(0, 20)))).toEqual(
    new Set([`0103${theirs}`]),
  );
});

test('reports that a foreign key is no longer in use, 15 to 20 minutes after its last announcement', async () => {
  const { clock, one, other } = pair([ours], [theirs]);
  one.announcements.start();
  other.announcements.start();
  await clock.pass('1m');
  other.announcements.close();
  await clock.pass('14m');
  const during = one.events.length;
  await clock.pass('6m');

  expect(during).toBe(1);
  expect(one.events[1]).toMatchObject({ kind: 'foreignKeys', keyIds: [] });
});

test('reports at most eight foreign keys, also made-up ones', () => {
  const { one } = pair([ours], [theirs]);
  for (let index = 0; index < 1_000; index += 1) {
    const bytes = Buffer.alloc(18);
    bytes.set([1, 3]);
    bytes.writeUInt32BE(index, 2);
    one.announcements.received(bytes);
  }

  expect(one.events).toHaveLength(8);
  expect(one.events[7]).toMatchObject({ keyIds: { length: 8 } });
});

test.each([
  ['empty', Buffer.alloc(0)],
  ['cut off', Buffer.from(`0103${theirs}`, 'hex')],
  ['of another kind', Buffer.concat([Buffer.from(`0101${theirs}`, 'hex'), Buffer.alloc(8)])],
  ['of another version', Buffer.concat([Buffer.from(`0203${theirs}`, 'hex'), Buffer.alloc(8)])],
])('ignores bytes that are %s', (_, bytes) => {
  const { one } = pair([ours], [theirs]);
  one.announcements.received(bytes);

  expect(one.events).toEqual([]);
});

test('leaves no timer when it is closed', async () => {
  const { clock, one, other } = pair([ours], [theirs]);
  one.announcements.start();
  other.announcements.start();
  await clock.pass('1m');
  one.announcements.close();
  other.announcements.close();
  one.announcements.received(Buffer.concat([Buffer.from('0103aaaaaaaaaaaaaaaa', 'hex'), Buffer.alloc(8)]));
  one.announcements.start();

  expect(clock.pendingTimers).toBe(0);
});
