import { AsyncLocalStorage } from 'node:async_hooks';
import https from 'node:https';
import { syncBuiltinESMExports } from 'node:module';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { FakeClock, FakeStore } from '@kms-secrets/testing';
import { expect, onTestFinished, test } from 'vitest';
import { createSecretClientOn } from '../create-client.ts';
import { fileStore } from '../file-store/file-store.ts';
import type { SecretStore } from '../ports/store.ts';
import { firstKey, freshPath } from '../seal/stored-secret.fixture.ts';
import type { SecretEventName } from '../secret/events.ts';
import type { SecretClient } from './client.ts';
import {
  busyMachine,
  dbRequest,
  fakeEndpoint,
  fakeMachine,
  hour,
  setUpClient,
  startKms,
  storedSecret,
} from './client.fixture.ts';
import type { ClientFixture, ClientFixtureOptions } from './client.fixture.ts';

const region = 'cn-hangzhou';

const context = new AsyncLocalStorage<unknown>();
const inRequest = <Value>(task: () => Value): Value => context.run('request', task);

/** A client with a TTL of five minutes that was created in the context `creation`. */
function setUp(options: ClientFixtureOptions = {}): ClientFixture {
  const fixture = context.run('creation', () => setUpClient({ ttl: '5m', ...options }));
  onTestFinished(() => fixture.client.close());
  return fixture;
}

/** Calls `record` before each method of `target`. */
function recorded<Target extends object>(target: Target, record: () => void): Target {
  return new Proxy(target, {
    get(_, key) {
      const value: unknown = Reflect.get(target, key, target);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]) => {
        record();
        return Reflect.apply(value, target, args) as unknown;
      };
    },
  });
}

/** Runs user code of one kind, which calls `record`, because of a read in the context `request`. */
type Kind = (record: () => void) => Promise<void>;

/** A read while a store has a value that is newer than the one in memory. */
async function readFromStore(record: () => void, emit: (store: FakeStore) => void): Promise<void> {
  const clock = new FakeClock();
  const store = new FakeStore({ isShared: true, clock });
  const target = recorded<SecretStore>(store, record);
  const { client } = setUp({ clock, stores: [target] });
  await inRequest(() => client.get('db'));
  inRequest(() => emit(store));
  await clock.pass('1s');
  await inRequest(() => client.invalidate('db'));
  await inRequest(() => client.close());
}

/** Adds a listener in the context `request`, and lets `act` cause its event there. */
function listen(event: SecretEventName, act: (fixture: ClientFixture) => Promise<unknown>, store?: FakeStore): Kind {
  return async (record) => {
    const fixture = setUp({
      hasFallback: true,
      retry: { maxAttempts: 1 },
      breaker: { failures: 3 },
      ...(store && { store }),
    });
    inRequest(() => fixture.client.on(event, record));
    await inRequest(() => fixture.client.get('db'));
    await inRequest(() => act(fixture));
  };
}

async function failAll({ kms, fallback, clock }: ClientFixture): Promise<void> {
  for (const endpoint of [kms, fallback]) endpoint.fail('unreachable');
  await clock.pass('6m');
}

const kinds: Readonly<Record<string, Kind>> = {
  'hook.transform': async (record) => {
    const transform = <Value>(secret: Value): Value => {
      record();
      return secret;
    };
    const { client } = setUp({ hook: { transform } });
    await inRequest(() => client.get('db'));
  },
  'hook.recover': async (record) => {
    const { client, kms, clock } = setUp({ hook: { recover: () => record() as undefined } });
    kms.fail('unreachable');
    const read = inRequest(() => client.get('db')).catch(() => {});
    await clock.pass('1m');
    await read;
  },
  'a logger': async (record) => {
    const { client, kms, clock } = setUp({ logger: { warn: record, error: record } });
    await inRequest(() => client.get('db'));
    kms.fail('unreachable');
    await clock.pass('6m');
    await inRequest(() => client.get('db'));
    inRequest(() => client.peek('db'));
  },
  'a logger in ready()': async (record) => {
    const { client, clock } = setUp({
      logger: { warn: record, error: record },
      preload: ['missing'],
      secrets: { missing: { optional: true } },
    });
    const ready = inRequest(() => client.ready());
    await clock.pass('10s');
    await ready;
  },
  'retry.backoff': async (record) => {
    const backoff = (): number => {
      record();
      return 10;
    };
    const { client, kms, clock } = setUp({ retry: { backoff, maxAttempts: 3 } });
    kms.fail('unreachable');
    const read = inRequest(() => client.get('db')).catch(() => {});
    await clock.pass('1m');
    await read;
  },
  'a transport': async (record) => {
    const { client } = setUp({ kms: recorded(fakeEndpoint('kms.example', ['db']), record) });
    await inRequest(() => client.get('db'));
    await inRequest(() => client.refresh('db'));
    await inRequest(() => client.close());
  },
  'a transport during getMany() and ready()': async (record) => {
    const kms = recorded(fakeEndpoint('kms.example', ['db', 'cache', 'queue']), record);
    const { client } = setUp({ kms, preload: ['db'] });
    await inRequest(() => client.ready());
    await inRequest(() => client.getMany(['cache', 'queue']));
  },
  'a transport after the refresh timer': async (record) => {
    const kms = fakeEndpoint('kms.example', ['db']);
    const { client, clock } = setUp({ kms: recorded(kms, () => kms.requests.length > 0 && record()) });
    await inRequest(() => client.get('db'));
    await clock.pass('6m');
  },
  'a transport after the hedge timer': async (record) => {
    const kms = fakeEndpoint('kms.example', ['db']);
    kms.fail('hang');
    const second = recorded(fakeEndpoint('kms.fallback', ['db']), record);
    const { client, clock } = setUp({ endpoints: [kms, second], hedge: { delay: 200 } });
    const read = inRequest(() => client.get('db'));
    await clock.pass('1s');
    await read;
  },
  'a transport after the retry timer': async (record) => {
    const kms = fakeEndpoint('kms.example', ['db']);
    kms.fail('unreachable');
    const { client, clock } = setUp({ kms: recorded(kms, () => kms.requests.length > 0 && record()) });
    const read = inRequest(() => client.get('db'));
    await clock.pass(1);
    kms.heal();
    await clock.pass('10s');
    await read;
  },
  'a store': async (record) => readFromStore(record, () => {}),
  'a store after it was changed in the context of a request': async (record) =>
    readFromStore(record, (store) => {
      store.put(dbRequest, storedSecret(new FakeClock(), { versionId: 'v2' }));
      store.emit({ kind: 'removed', name: 'db' });
    }),
  'a listener of "store"': async (record) => {
    const store = new FakeStore({ isShared: true });
    await listen('store', async () => store.emit({ kind: 'unavailable', reason: 'restart' }), store)(record);
  },
  'a listener of "refreshed"': listen('refreshed', async ({ client }) => client.refresh('db')),
  'a listener of "rotated"': listen('rotated', async ({ client, kms }) => {
    kms.put('db', 'v2');
    await client.refresh('db');
  }),
  'handle.onRotate': async (record) => {
    const { client, kms } = setUp();
    const handle = inRequest(() => client.handle('db'));
    await inRequest(() => handle.get());
    inRequest(() => handle.onRotate(record));
    kms.put('db', 'v2');
    await inRequest(() => client.refresh('db'));
  },
  'a listener of "stale", in get()': listen('stale', async (fixture) => {
    await failAll(fixture);
    await fixture.client.get('db');
  }),
  'a listener of "stale", in peek()': listen('stale', async (fixture) => {
    await failAll(fixture);
    fixture.client.peek('db');
  }),
  'a listener of "failed"': listen('failed', failAll),
  'a listener of "dropped", after invalidate()': listen('dropped', async ({ client }) => client.invalidate('db')),
  'a listener of "dropped", after a refusal': listen('dropped', async ({ client, kms, fallback }) => {
    for (const endpoint of [kms, fallback]) endpoint.fail('denied');
    await client.refresh('db').catch(() => {});
  }),
  'a listener of "dropped", for an expired secret': listen('dropped', async (fixture) => {
    await failAll(fixture);
    fixture.clock.freeze(25 * hour);
    await fixture.client.get('db').catch(() => {});
  }),
  'a listener of "endpoint"': listen('endpoint', failAll),
  'a listener of "breaker"': listen('breaker', async (fixture) => {
    await failAll(fixture);
    for (const name of ['one', 'two', 'three']) await fixture.client.get(name).catch(() => {});
  }),
};

test.each(Object.entries(kinds))('runs %s in the context in which the client was created', async (_, act) => {
  const contexts: unknown[] = [];

  await act(() => void contexts.push(context.getStore()));

  expect([...new Set(contexts)]).toEqual(['creation']);
});

test('a read continues in the context of its caller', async () => {
  const { client } = setUp();

  await inRequest(async () => {
    await client.get('db');
    expect(context.getStore()).toBe('request');
    await client.refresh('db');
    expect(context.getStore()).toBe('request');
  });
});

test('a listener that enters another context changes none but its own', async () => {
  const { client } = setUp();
  const contexts: unknown[] = [];
  client.on('dropped', () => {
    contexts.push(context.getStore());
    context.enterWith('listener');
  });

  for (let count = 0; count < 2; count += 1) {
    await client.get('db');
    inRequest(() => void client.invalidate('db'));
  }

  expect(contexts).toEqual(['creation', 'creation']);
});

test('connections and a function for credentials keep the context of the creation', async () => {
  const contexts: Record<string, unknown[]> = { credentials: [], request: [], response: [], socket: [] };
  const record = (what: string) => () => void contexts[what]?.push(context.getStore());
  const { request } = https;
  https.request = ((options: https.RequestOptions) => {
    record('request')();
    const sent = request(options);
    sent.once('response', record('response'));
    sent.once('socket', (socket) => socket.once('close', record('socket')));
    return sent;
  }) as typeof request; // the transports call it in this form only
  syncBuiltinESMExports();
  onTestFinished(() => {
    https.request = request;
    syncBuiltinESMExports();
  });
  const kms = await startKms({ db: 's3cret-1', cache: 's3cret-2' }, { regions: [region] });
  const { endpoint } = kms.endpoint(region);
  const credentials = async (): Promise<typeof kms.accessKey> => {
    record('credentials')();
    return kms.accessKey;
  };
  const options = { credentials, endpoints: [{ endpoint, caFilePath: kms.caFilePath }], ...busyMachine };
  const client = context.run('creation', () => createSecretClientOn(fakeMachine(), options));

  await context.run('first request', () => client.get('db'));
  await context.run('second request', () => client.get('cache'));
  await context.run('shutdown', () => client.close());
  await expect.poll(() => contexts['socket']?.length).toBe(2); // the sockets emit `close` later

  expect(kms.requests).toHaveLength(2);
  expect(contexts).toEqual({
    credentials: ['creation', 'creation'],
    request: ['creation', 'creation'],
    response: ['creation', 'creation'],
    socket: ['creation', 'creation'],
  });
});

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Runs `act` with an object as the context. Checks that the object is collected afterwards. */
async function expectCollectionAfter(act: () => Promise<unknown>): Promise<void> {
  const run = async (): Promise<WeakRef<object>> => {
    const store = { body: Buffer.alloc(1_000) };
    await context.run(store, act);
    return new WeakRef(store);
  };
  const reference = await run();
  const isCollected = (): boolean => {
    collectGarbage();
    return reference.deref() === undefined;
  };
  await expect.poll(isCollected).toBe(true);
}

const retained: readonly (readonly [string, (fixture: ClientFixture) => Promise<unknown>])[] = [
  ['the first read', async ({ client }) => client.get('db')],
  ['a refresh()', async ({ client }) => client.refresh('db')],
  ['a getMany()', async ({ client }) => client.getMany(['db', 'cache'])],
  [
    'a handle, a listener of a name and a pin',
    async ({ client, clock }) => {
      client.handle('db').onRotate(() => {});
      client.on('rotated', () => {}, { name: 'cache' });
      client.pin('db');
      await clock.pass('2s');
    },
  ],
  [
    'a peek() and a handle past the TTL',
    async ({ client, clock }) => {
      await client.get('db');
      const handle = client.handle('db');
      clock.freeze('2h');
      client.peek('db');
      handle.text();
      await clock.pass(10);
    },
  ],
  [
    'a recovered read',
    async ({ client, kms, clock }) => {
      kms.fail('unreachable');
      const read = client.get('db').catch(() => {});
      await clock.pass('10s');
      await read;
    },
  ],
  ['a preload()', async ({ client }) => void (await client.preload(['db', 'cache']))],
  [
    'an invalidate() that a store has not completed',
    async ({ client, clock, store }) => {
      store.fail('throw', 'removeAll');
      const invalidated = client.invalidate('db');
      await clock.pass('2s');
      await invalidated;
    },
  ],
  ['a read that fails', async ({ client }) => client.get('missing').catch(() => {})],
  [
    'a stale read',
    async ({ client, kms, clock }) => {
      await client.get('db');
      kms.fail('unreachable');
      await clock.pass('6m');
      await client.get('db');
      client.peek('db');
    },
  ],
  [
    'an aborted read',
    async ({ client, clock }) => {
      const controller = new AbortController();
      const read = client.get('db', { signal: controller.signal }).catch(() => {});
      controller.abort();
      await read;
      await clock.pass('1s');
    },
  ],
];

test.each(retained)('retains nothing of the context of %s', async (_, act) => {
  const fixture = setUp({ names: ['db', 'cache'], store: new FakeStore({ isShared: true }) });

  await expectCollectionAfter(() => act(fixture));
});

test('retains nothing of the context of the first read from memory', async () => {
  const { client } = setUp();
  await client.get('db');

  await expectCollectionAfter(() => client.get('db'));
});

test('retains nothing of the context of a read that a file store saves', async () => {
  const { client } = setUp({ stores: [fileStore({ path: await freshPath(), key: firstKey })] });

  await expectCollectionAfter(() => client.get('db'));
});

test('retains nothing of the context of a read over a connection that it opened', async () => {
  const kms = await startKms({ db: 's3cret-1' }, { regions: [region] });
  const { endpoint } = kms.endpoint(region);
  const endpoints = [{ endpoint, caFilePath: kms.caFilePath }];
  const options = { credentials: kms.accessKey, endpoints, ...busyMachine };
  const client: SecretClient = createSecretClientOn(fakeMachine(), options);
  onTestFinished(() => client.close());

  await expectCollectionAfter(() => client.get('db'));
  expect(kms.requests).toHaveLength(1);
});
