// What a hostile reader of the stores behind memory tried, and what they do.
import { inspect } from 'node:util';
import { FakeClock, FakeStore, FakeTransport } from '@kms-secrets/testing';
import { expect, test } from 'vitest';
import type { SecretClient } from './client.ts';
import { createSecretClient } from '../create-client.ts';
import type { SecretClientOptions } from '../options/options.ts';
import type { Secret } from '../secret/secret.ts';
import type { SecretStore, StoredSecret, StoreLease, StoreEvent } from '../ports/store.ts';
import type { SecretRequest } from '../secret/secret-request.ts';

const request: SecretRequest = { name: 'db', stage: 'ACSCurrent', versionId: undefined };
const hour = 3_600_000;

interface Setup {
  readonly client: SecretClient;
  readonly clock: FakeClock;
  readonly kms: FakeTransport;
  readonly store: FakeStore;
}

function setup({
  clock = new FakeClock(),
  store = new FakeStore({ isShared: true, clock }),
  ...options
}: SecretClientOptions & Partial<Pick<Setup, 'clock' | 'store'>> = {}): Setup {
  const kms = new FakeTransport();
  kms.put('db', 'v1');
  return {
    client: createSecretClient({ endpoints: [kms], clock, retry: { maxAttempts: 1 }, stores: store, ...options }),
    clock,
    kms,
    store,
  };
}

function stored(clock: FakeClock, fields: Partial<StoredSecret> & { readonly age?: number } = {}): StoredSecret {
  const { age = 0, ...rest } = fields;
  return {
    name: 'db',
    versionId: 'v0',
    stages: ['ACSCurrent'],
    type: 'Generic',
    dataType: 'text',
    value: 's3cret-stored',
    fetchedAt: clock.date() - age,
    ...rest,
  };
}

/** A hook that lets nothing by before it is told to. */
function gate(): { readonly transform: (secret: Secret) => Promise<Secret>; readonly open: () => void } {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { transform: (secret) => opened.then(() => secret), open };
}

test('what was invalidated while a hook looked at what a store has is neither kept nor handed on', async () => {
  const clock = new FakeClock();
  const [first, second] = [new FakeStore(), new FakeStore()];
  second.put(request, stored(clock));
  const { transform, open } = gate();
  const { client } = setup({ clock, stores: [first, second], hook: { transform } });
  const reading = client.get('db');
  await clock.pass(0);

  void client.invalidate('db');
  open();
  await reading;
  await clock.pass('1s');

  expect(client.peek('db')).toBeUndefined();
  expect([first.size, second.size]).toEqual([0, 0]);
});

test('what was refused while a hook looked at what another process brought is not kept', async () => {
  const { transform, open } = gate();
  let isShut = false;
  const hook = { transform: (secret: Secret): Secret | Promise<Secret> => (isShut ? transform(secret) : secret) };
  const { client, clock, kms, store } = setup({ hook, idleTtl: 0 });
  await client.get('db');
  await clock.pass('1m');
  isShut = true;
  await store.join('another').write(request, stored(clock));
  await clock.pass('1s');
  kms.fail('denied');

  await client.refresh('db').catch(() => {});
  open();
  await clock.pass('1s');

  expect(client.peek('db')).toBeUndefined();
  await expect(client.get('db')).rejects.toMatchObject({ code: 'ERR_ACCESS_DENIED' });
});

test('a calendar that is set back before a refusal lets nothing come back from a store that could not be told', async () => {
  const { client, clock, kms, store } = setup();
  await client.get('db');
  await clock.pass('1m');
  clock.setDate(clock.date() - hour);
  store.fail('throw', 'remove', 'removeAll');
  kms.fail('denied');
  await client.refresh('db').catch(() => {});
  await clock.pass('20s');
  kms.fail('unreachable');

  await expect(client.get('db')).rejects.toMatchObject({ code: 'ERR_SECRET_UNAVAILABLE' });
});

test('an answer that was slow to come does not replace in a store what was asked for after it', async () => {
  const { client, clock, kms, store } = setup({ attemptTimeout: '1m', deadline: '2m', idleTtl: 0 });
  kms.put('other', 'v1');
  kms.fail('hang', 'db');
  const [slow, answer] = slowly(kms);
  const reading = client.get('db');
  await clock.pass('40s');
  await store.join('another').write(request, stored(clock, { versionId: 'v2', age: 5_000 }));
  await client.get('other');

  answer();
  await reading;
  await clock.pass('1s');

  expect(slow.length).toBe(1);
  expect(store.peek(request)).toMatchObject({ versionId: 'v2' });
});

/** The next request for `db` gets version v1 when it is told to. */
function slowly(kms: FakeTransport): readonly [readonly SecretRequest[], () => void] {
  const asked: SecretRequest[] = [];
  const fetch = kms.fetch.bind(kms);
  let answer = (): void => {};
  const answered = new Promise<void>((resolve) => {
    answer = resolve;
  });
  kms.fetch = async (asking, signal) => {
    if (asking.name !== 'db') return fetch(asking, signal);
    asked.push(asking);
    await answered;
    kms.put('db', 'v1');
    return fetch(asking, signal);
  };
  return [asked, answer];
}

test('what another process was refused is asked of KMS before a store of our own may give it out', async () => {
  const clock = new FakeClock();
  const [file, redis] = [new FakeStore(), new FakeStore({ isShared: true, clock })];
  const { client, kms } = setup({ clock, stores: [file, redis] });
  file.put(request, stored(clock, { age: hour / 2 }));
  kms.fail('denied');

  await redis.join('another').removeAll('db');

  await expect(client.get('db')).rejects.toMatchObject({ code: 'ERR_ACCESS_DENIED' });
});

test('with KMS away it is served, as old: who was refused may have had fewer rights', async () => {
  const clock = new FakeClock();
  const [file, redis] = [new FakeStore(), new FakeStore({ isShared: true, clock })];
  const { client, kms } = setup({ clock, stores: [file, redis] });
  file.put(request, stored(clock, { age: hour / 2 }));
  kms.fail('unreachable');

  await redis.join('another').removeAll('db');

  expect(await client.get('db')).toMatchObject({ versionId: 'v0', stale: true });
});

/** An entry that is one thing when it is looked at, and another when it is used. */
function shifty(clock: FakeClock): unknown {
  let looks = 0;
  return {
    ...stored(clock),
    get value(): unknown {
      looks += 1;
      return looks === 1 ? 's3cret-stored' : { toString: () => 's3cret-other' };
    },
  };
}

const trapped = (clock: FakeClock): unknown =>
  new Proxy(stored(clock), {
    ownKeys() {
      throw new Error('not to be listed');
    },
  });

test.each([
  ['changes while it is looked at', shifty],
  ['cannot be copied', trapped],
])('an entry that %s is what it was when it was looked at', async (_what, make) => {
  const { client, clock, store } = setup();
  store.read = () => Promise.resolve(make(clock) as StoredSecret);

  expect((await client.get('db')).text() === 's3cret-stored').toBe(true);
});

test('an entry that throws when it is looked at ends no reading of news', async () => {
  const { client, clock, store } = setup({ idleTtl: 0 });
  const another = store.join('another');
  await client.get('db');
  const read = store.read.bind(store);
  for (let turn = 0; turn < 40; turn += 1) {
    await clock.pass('1s');
    store.read = () => Promise.resolve(turn < 39 ? (trapped(clock) as StoredSecret) : undefined);
    if (turn === 39) store.read = read;
    await another.write(request, stored(clock, { versionId: `v${turn}` }));
  }
  await clock.pass(0);

  expect(client.peek('db')?.versionId).toBe('v39');
});

const oddNews: readonly unknown[] = [
  null,
  undefined,
  'written',
  {},
  { kind: 'written' },
  { kind: 'removed' },
  { kind: 'unavailable' },
];

test.each(oddNews)('news that makes no sense (%j) throws nothing back at its store', (news) => {
  const { store } = setup();

  expect(() => store.emit(news as StoreEvent)).not.toThrow();
});

test.each([
  ['nothing to call', () => 'no function'],
  [
    'what throws',
    () => (): never => {
      throw new Error('no way out');
    },
  ],
])('a store that answers listen with %s is closed all the same', async (_what, listen) => {
  const clock = new FakeClock();
  const [odd, other] = [new FakeStore(), new FakeStore()];
  const { client } = setup({ clock, stores: [{ ...methodsOf(odd), subscribe: listen as never }, other] });

  await client.close();

  expect([odd.isClosed, other.isClosed]).toEqual([true, true]);
});

function methodsOf(store: FakeStore): SecretStore {
  return {
    name: store.name,
    read: (asked) => store.read(asked),
    write: (asked, secret) => store.write(asked, secret),
    remove: (asked) => store.remove(asked),
    removeAll: (name) => store.removeAll(name),
    close: () => store.close(),
  };
}

test('a turn that a store grants after its time is given back, so that no other process waits for it', async () => {
  const { client, clock, store } = setup({ storeTimeout: '100ms' });
  let released = 0;
  let grant = (_lease: StoreLease): void => {};
  const late = new Promise<StoreLease>((resolve) => {
    grant = resolve;
  });
  Object.assign(store, { lease: () => late });
  const reading = client.get('db');
  await clock.pass('1s');
  await reading;

  grant({
    release: () => {
      released += 1;
      return Promise.resolve();
    },
  });
  await clock.pass(0);

  expect(released).toBe(1);
});

test('what a store answers after its time is not used, and what it then fails with harms nobody', async () => {
  const { client, clock, store } = setup({ storeTimeout: '100ms' });
  let fail = (_error: Error): void => {};
  const read: SecretStore['read'] = () =>
    new Promise((_resolve, reject) => {
      fail = reject;
    });
  store.read = read;
  const reading = client.get('db');
  await clock.pass('1s');

  fail(new Error('too late'));

  expect((await reading).versionId).toBe('v1');
});

test('a read that is under way while a secret is invalidated holds no turn that the next one waits for', async () => {
  const { client, clock, kms } = setup();
  kms.fail('hang', 'db');
  client.get('db').catch(() => {});
  await clock.pass(10);
  void client.invalidate('db');
  kms.put('db', 'v2');

  const reading = client.get('db');
  await clock.pass(10);

  expect(client.peek('db')?.versionId).toBe('v2');
  expect((await reading).versionId).toBe('v2');
});

test('neither a client nor what it keeps for a store that is away shows a value', async () => {
  const { client, clock, store } = setup();
  store.fail('throw', 'write');
  await client.get('db');
  await clock.pass('5s');

  expect(client.describe().stores).toMatchObject([{ queued: 1 }]);
  expect(inspect([client, client.describe(), store], { depth: 20, showHidden: true }).includes('s3cret')).toBe(false);
});

test('a store with a line break in its name forges no line of a log', async () => {
  const lines: string[] = [];
  const note = (line: string): void => void lines.push(line);
  const logger = { debug: note, info: note, warn: note, error: note };
  const store = new FakeStore({ name: 'file store /tmp/a\n[warn] all is well' });
  const { client, clock } = setup({ store, logger });
  store.fail('throw');

  await client.get('db');
  await clock.pass('5s');

  expect(lines.length).toBeGreaterThan(0);
  expect(lines.join('').includes('\n')).toBe(false);
});

test('stores that hang one after the other leave a reader half of its deadline to ask KMS', async () => {
  const clock = new FakeClock();
  const stores = [new FakeStore(), new FakeStore(), new FakeStore({ isShared: true, clock })];
  for (const store of stores) store.fail('hang');
  const { client } = setup({ clock, stores, deadline: '1s' });
  const reading = client.get('db');
  reading.catch(() => {});

  await clock.pass('1s');

  expect((await reading).versionId).toBe('v1');
});
