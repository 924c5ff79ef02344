import { FakeClock, FakeStore } from '@kms-secrets/testing';
import { describe, expect, test } from 'vitest';
import { StoreError } from '../secret/errors.ts';
import { GuardedStore } from './guarded-store.ts';
import { errorLink } from '../secret/error-link.fixture.ts';

const link = errorLink('ERR_STORE');

interface Subject {
  readonly clock: FakeClock;
  readonly store: FakeStore;
  readonly guarded: GuardedStore;
  readonly messages: (string | undefined)[];
}

function setup(): Subject {
  const clock = new FakeClock();
  const store = new FakeStore({ name: 'fake store' });
  const messages: (string | undefined)[] = [];
  const guarded = new GuardedStore({
    store,
    clock,
    timeout: 500,
    onEvent: ({ error }) => messages.push(error?.message),
    onRecovered: () => {},
  });
  return { clock, store, guarded, messages };
}

test.each<[string, unknown, string]>([
  ['an error of other code', new TypeError('s3cret'), 'fake store failed to read secret "db": TypeError was thrown.'],
  ['an incomplete StoreError', new StoreError('Disk full.'), 'fake store failed to read secret "db": Disk full.'],
  [
    'a complete StoreError',
    new StoreError('Secret "db" could not be read from fake store: EIO.'),
    'Secret "db" could not be read from fake store: EIO.',
  ],
])('reports %s with the store, the secret and one full stop', async (_, error, message) => {
  const { guarded, messages } = setup();

  expect(await guarded.run('read', 'db', () => Promise.reject(error as Error))).toBeUndefined();

  expect(messages).toEqual([`${message} ${link}`]);
});

test('doubles the backoff of a store that keeps failing, from 1 s to 30 s', async () => {
  const { clock, guarded } = setup();
  const delays: number[] = [];

  for (let failures = 1; failures <= 9; failures += 1) {
    await guarded.run('read', 'db', () => Promise.reject(new Error('EIO')));
    delays.push(guarded.skippedFor('read'));
    await clock.pass(guarded.skippedFor('read'));
  }

  expect(delays).toEqual([0, 0, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
});

test('reports which timeout was exceeded', async () => {
  const { clock, store, guarded, messages } = setup();
  store.fail('hang');
  const result = guarded.run('write', 'db', () => store.read({ name: 'db' }));
  await clock.pass(500);

  expect(await result).toBeUndefined();
  expect(messages).toEqual([
    `fake store failed to write secret "db": no response within 500ms (storeTimeout). ${link}`,
  ]);
});

test('reports an outage that the store announced itself', () => {
  const { guarded, messages } = setup();

  guarded.markUnavailable('Folder /x cannot be used. Run chmod 700 on it.');
  guarded.markUnavailable('again');
  guarded.markRecovered();

  expect(messages).toEqual([
    `fake store is unavailable: Folder /x cannot be used. Run chmod 700 on it. ${link}`,
    undefined,
  ]);
});

test('skips reads after three failures, but not writes', async () => {
  const { clock, store, guarded } = setup();
  store.fail('throw', 'read');
  for (let index = 0; index < 5; index += 1) await guarded.run('read', 'db', (one) => one.read({ name: 'db' }));

  expect(store.operations).toHaveLength(3);
  expect([guarded.skippedFor('read'), guarded.skippedFor('write')]).toEqual([1_000, 0]);
  await clock.pass('1s');
  await guarded.run('read', 'db', (one) => one.read({ name: 'db' }));

  expect(store.operations).toHaveLength(4);
  expect(guarded.skippedFor('read')).toBe(2_000);
});

describe('a part of the store', () => {
  const node = 'node 10.0.0.1:6379';
  const partError = new StoreError('Secret "db" could not be read from fake store: no connection.', { part: node });

  test('that is unavailable skips no operation', async () => {
    const { clock, guarded, messages } = setup();
    guarded.markUnavailable('no connection', node);
    guarded.markUnavailable('no connection', node);
    for (let index = 0; index < 5; index += 1) {
      expect(await guarded.run('read', 'db', () => Promise.reject(partError))).toEqual({ part: node });
    }
    await clock.pass('1m');

    expect(guarded.skippedFor('read')).toBe(0);
    expect(guarded.failures).toBe(6);
    expect(guarded.status(0)).toMatchObject({
      state: 'partlyUnavailable',
      unavailableParts: [node],
      failingFor: 60_000,
      lastFailure: { message: 'Secret "db" could not be read from fake store: no connection.' },
    });
    guarded.markRecovered(node);

    expect(guarded.status(0)).toMatchObject({ state: 'working', unavailableParts: [], failingFor: undefined });
    expect(messages).toEqual([`${node} of fake store is unavailable: no connection. ${link}`, undefined]);
  });

  test('that hangs is no outage while other operations succeed', async () => {
    const { clock, store, guarded } = setup();
    const hanging = Array.from({ length: 10 }, () => guarded.run('read', 'a', () => new Promise(() => {})));
    await guarded.run('read', 'b', () => store.read({ name: 'b' }));
    await clock.pass(500);
    await Promise.all(hanging);

    expect(guarded.failures).toBe(10);
    expect(guarded.status(0)).toMatchObject({ state: 'working' });
  });
});
