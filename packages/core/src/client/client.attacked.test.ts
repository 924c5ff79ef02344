// What a hostile reader of this package tried, and it did.
import { inspect } from 'node:util';
import { FakeClock, FakeTransport } from '@kms-secrets/testing';
import { expect, test } from 'vitest';
import type { SecretClient } from './client.ts';
import { createSecretClient } from '../create-client.ts';
import type { SecretClientOptions } from '../options/options.ts';
import { Secret } from '../secret/secret.ts';
import { FetchFailure } from '../ports/transport.ts';

interface Setup {
  readonly client: SecretClient;
  readonly clock: FakeClock;
  readonly kms: FakeTransport;
  readonly lines: string[];
}

function setup(options: SecretClientOptions = {}): Setup {
  const clock = new FakeClock();
  const kms = new FakeTransport();
  kms.put('db', 'v1');
  const lines: string[] = [];
  const note = (line: string): void => void lines.push(line);
  const logger = { debug: note, info: note, warn: note, error: note };
  return { client: createSecretClient({ endpoints: [kms], clock, ttl: '5m', logger, ...options }), clock, kms, lines };
}

test('what a hook throws while it works on a value is nowhere quoted', async () => {
  const { client, clock, kms, lines } = setup({
    hook: {
      transform: (secret) => secret.withText((JSON.parse(secret.text()) as { password: string }).password),
    },
  });
  kms.put('db', 'v1', { value: '{"password":"s3cret-1"}' });
  await client.get('db');
  kms.put('db', 'v2', { value: 's3cret-2' });
  await clock.pass('6m');

  const error: unknown = await client.refresh('db').catch((reason: unknown) => reason);
  await client.get('db');

  const told = inspect(error, { depth: 9 }) + JSON.stringify(client.describe()) + lines.join();
  expect(told).toContain('SyntaxError was thrown');
  expect(told.includes('s3cret')).toBe(false);
});

test('what a listener throws while it works on a value is nowhere quoted', async () => {
  const { client, lines } = setup();
  client.on('refreshed', ({ secret }) => void JSON.parse(secret.text()));
  await client.get('db');

  await client.refresh('db');

  expect(lines.join()).toContain('A listener for "refreshed" failed: SyntaxError was thrown');
  expect(lines.join().includes('s3cret')).toBe(false);
});

test.each([
  ['as credentials', { credentials: 's3cret-access-key-secret' }],
  ['as the name of a property', { credentials: { accessKeyId: 'a', accessKeySecret: 'b', S3cret1AccessKey: true } }],
  ['as the options of a secret', { secrets: { db: 's3cret' } }],
  ['in the URL of an endpoint', { endpoints: ['https://user:s3cret-password@kms.example.com'] }],
  ['as a duration', { ttl: 's3cret-access-key-secret' }],
])('a secret pasted %s does not come back in the error', (_where, options) => {
  const told = (): string => {
    try {
      createSecretClient(options as unknown as SecretClientOptions);
    } catch (error) {
      return inspect(error, { depth: 9 });
    }
    return '';
  };

  expect(told()).toContain('ERR_CONFIGURATION');
  expect(/s3cret/iu.test(told())).toBe(false);
});

test('a set holds nothing that was refused while the rest of it was waited for', async () => {
  const { client, clock, kms } = setup();
  await client.get('db');
  kms.fail('hang', 'slow');
  const set = client.getMany(['db', 'slow']);
  set.catch(() => {});
  await clock.pass(10);

  kms.fail('denied', 'db');
  await client.refresh('db').catch(() => {});
  kms.put('slow', 'v1');
  await clock.pass('6s');

  await expect(set).rejects.toMatchObject({ code: 'ERR_SECRET_SET' });
});

test('access that is lost is lost for every stage and version of a secret', async () => {
  const { client, kms } = setup();
  await client.get('db');
  await client.get('db', { stage: 'ACSPrevious' });
  await client.get('db', { versionId: 'v1' });
  kms.fail('denied');

  await client.refresh('db').catch(() => {});

  expect(client.peek('db', { stage: 'ACSPrevious' })).toBeUndefined();
  expect(client.peek('db', { versionId: 'v1' })).toBeUndefined();
});

test('a stage that is not found takes no other stage with it', async () => {
  const { client, kms } = setup();
  await client.get('db');
  kms.fail('notFound');

  await client.get('db', { stage: 'ACSPending' }).catch(() => {});

  expect(client.peek('db')?.versionId).toBe('v1');
});

test.each([
  ['an outage longer than the value may be served', 'unreachable'],
  ['a refusal that is taken back', 'denied'],
] as const)('a preloaded name comes back by itself after %s', async (_what, failure) => {
  const { client, clock, kms } = setup({ preload: ['db'], staleIfError: '5m' });
  await client.ready();
  kms.fail(failure);
  await clock.pass('15m');
  expect(client.peek('db')).toBeUndefined();

  kms.heal();
  await clock.pass('1m');

  expect(client.peek('db')).toMatchObject({ versionId: 'v1', stale: false });
});

test('a process that slept longer than a value may be served fetches it anew when it wakes', async () => {
  const { client, clock, kms } = setup({ staleIfError: '5m', idleTtl: 0 });
  await client.get('db');
  kms.put('db', 'v2');
  clock.freeze('60h');

  await clock.pass(0);

  expect(client.peek('db')?.versionId).toBe('v2');
});

test("a standby's disabled key takes nothing away that the first endpoint gave", async () => {
  const clock = new FakeClock();
  const [first, standby] = [new FakeTransport('first'), new FakeTransport('standby')];
  first.put('db', 'v1');
  standby.fail('disabled');
  const client = createSecretClient({ endpoints: [first, standby], clock, retry: { maxAttempts: 1 } });
  await client.get('db');
  first.fail('unavailable');

  await client.refresh('db').catch(() => {});

  expect(client.peek('db')?.versionId).toBe('v1');
});

test('a reader with an old value that is taken from under it ends within its deadline all the same', async () => {
  const { client, clock, kms } = setup({ deadline: '10s' });
  await client.get('db');
  clock.freeze('6m');
  kms.fail('hang');
  const read = client.get('db');
  read.catch(() => {});
  await clock.pass(100);

  void client.invalidate('db');
  await clock.pass('9900ms');

  await expect(read).rejects.toMatchObject({ code: 'ERR_DEADLINE_EXCEEDED' });
});

test('the reader of a fetch that was forgotten brings no trouble to the value that came after', async () => {
  const { client, clock, kms } = setup();
  await client.get('db');
  clock.freeze('6m');
  kms.fail('hang');
  client.get('db').catch(() => {});
  await clock.pass(100);
  void client.invalidate('db');
  kms.heal();
  kms.put('db', 'v2');
  await client.get('db');

  await clock.pass('2s');

  expect(client.describe().secrets).toMatchObject([{ versionId: 'v2', lastFailure: undefined }]);
});

test('dates that are none neither end refreshing nor make it spin', async () => {
  const { client, clock, kms } = setup();
  kms.put('db', 'v1', { rotation: { state: 'Enabled', interval: undefined, lastAt: undefined, nextAt: Number.NaN } });
  await client.get('db');

  await clock.pass('10m');

  expect(kms.requests.length).toBe(3);
});

test('a secret whose own properties throw does not end refreshing', async () => {
  const { client, clock, kms } = setup();
  const good = await client.get('db');
  const broken = Object.create(good, {
    rotation: {
      get: () => {
        throw new Error('broken');
      },
    },
  }) as Secret;
  const fetch = kms.fetch.bind(kms);
  kms.fetch = () => Promise.resolve(broken);
  await clock.pass('6m');
  expect((await client.get('db')).stale).toBe(true);

  kms.fetch = fetch;
  await clock.pass('1m');

  expect(client.peek('db')?.stale).toBe(false);
});

test('a recover that hangs holds up the reads of its own time, and none after them', async () => {
  let asked = 0;
  const recover = (): Promise<never> => {
    asked += 1;
    return new Promise(() => {});
  };
  const { client, clock, kms } = setup({ hook: { recover }, attemptTimeout: '1s', retry: { maxAttempts: 1 } });
  kms.fail('unreachable', 'cold');
  for (let round = 0; round < 2; round += 1) {
    client.get('cold').catch(() => {});
    await clock.pass('2s');
  }

  expect(asked).toBe(2);
});

test('close does not wait for a recover that hangs', async () => {
  const { client, clock, kms } = setup({ hook: { recover: () => new Promise(() => {}) }, retry: { maxAttempts: 1 } });
  kms.fail('unreachable', 'cold');
  const read = client.get('cold');
  read.catch(() => {});
  await clock.pass(10);

  await client.close();

  await expect(read).rejects.toMatchObject({ code: 'ERR_CLIENT_CLOSED' });
});

test('recover is asked for a failure that is remembered, too', async () => {
  const secret = new Secret({ name: 'cold', versionId: 'r1', value: 's3cret-r1', dataType: 'text' });
  const { client, kms } = setup({ hook: { recover: () => secret } });
  kms.fail('untrusted', 'cold');
  await client.get('cold');

  expect((await client.get('cold')).versionId).toBe('r1');
});

test('an answer that makes no sense is not asked for again with every read', async () => {
  const { client, kms } = setup();
  kms.fail('malformed', 'odd');

  for (let read = 0; read < 5; read += 1) await client.get('odd').catch(() => {});

  expect(kms.requests.length).toBe(1);
});

test('an optional name that hangs holds up ready no longer than a read with an old value would wait', async () => {
  const { client, clock, kms } = setup({ preload: ['db', 'flags'], secrets: { flags: { optional: true } } });
  kms.fail('hang', 'flags');
  let isReady = false;
  void client.ready().then(() => (isReady = true));

  await clock.pass('1s');

  expect(isReady).toBe(true);
});

test('a server that names the time to come back is not asked before it, by the next refresh either', async () => {
  const { client, clock, kms } = setup({ retry: { maxAttempts: 1 } });
  await client.get('db');
  kms.fail(new FetchFailure('throttled', 'later', { retryAfter: 50_000 }));
  await client.refresh('db').catch(() => {});

  await clock.pass('49s');

  expect(kms.requests.length).toBe(2);
});

test('a listener that forgets what has just come, and reads, gets what KMS has now', async () => {
  const { client, kms } = setup();
  await client.get('db');
  const versions: Promise<string>[] = [];
  client.on('refreshed', () => {
    if (versions.length > 0) return;
    kms.put('db', 'v3');
    void client.invalidate('db');
    versions.push(client.get('db').then(({ versionId }) => versionId));
  });
  kms.put('db', 'v2');
  await client.refresh('db');

  expect(await Promise.all(versions)).toEqual(['v3']);
  await Promise.resolve();
  expect(client.stats().inFlight).toBe(0);
});

test('a handle cannot be changed for the readers after', async () => {
  const { client } = setup();
  const secret = await client.get('db');

  expect(() => Object.assign(secret, { versionId: 'evil', text: () => 'evil' })).toThrow(TypeError);
});

test('a stage with a line break in it forges no line of a log', async () => {
  const { client, kms } = setup();

  await expect(client.get('db', { stage: 'x\nevil' })).rejects.toMatchObject({ code: 'ERR_REQUEST_REJECTED' });
  await expect(client.get(`acs:kms:r:1:secret/${'x/'.repeat(100_000)}`)).rejects.toMatchObject({
    code: 'ERR_REQUEST_REJECTED',
  });
  expect(kms.requests).toEqual([]);
});

test('endpoints that answer, or fail, after they were left change nothing and end nothing', async () => {
  const clock = new FakeClock();
  const names = ['first', 'second', 'third'] as const;
  const late: ((version: string | undefined) => void)[] = [];
  const endpoints = names.map((name) => {
    const transport = new FakeTransport(name);
    // One that does not listen to its signal.
    transport.fetch = ({ name: secretName }) =>
      new Promise((resolve, reject) => {
        late.push((versionId) => {
          if (versionId === undefined) reject(new FetchFailure('unreachable', 'Too late.'));
          else resolve(new Secret({ name: secretName, versionId, value: 's3cret-late', dataType: 'text' }));
        });
      });
    return transport;
  });
  const client = createSecretClient({ endpoints, clock, attemptTimeout: '1s', retry: { maxAttempts: 1 } });
  const reading = client.get('db');
  while (late.length < names.length) await clock.pass(50);

  late[2]?.('v3');
  const read = await reading;
  late[0]?.('v1');
  late[1]?.(undefined);
  await clock.pass('1s');

  expect([read.versionId, client.peek('db')?.versionId]).toEqual(['v3', 'v3']);
});
