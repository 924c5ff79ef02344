import { inspect } from 'node:util';
import { FakeClock, FakeTransport } from '@kms-secrets/testing';
import { expect, test } from 'vitest';
import type { SecretClient } from './client.ts';
import { createSecretClient } from '../create-client.ts';
import { isSecretError } from '../secret/errors.ts';
import { SecretHandle } from './handle.ts';
import type { Logger } from '../ports/logger.ts';

interface Setup {
  readonly client: SecretClient;
  readonly clock: FakeClock;
  readonly kms: FakeTransport;
  readonly log: readonly string[];
}

function setup(): Setup {
  const clock = new FakeClock();
  const kms = new FakeTransport();
  kms.put('db', 'v1', { value: '{"user":"s3cret-user"}' });
  const log: string[] = [];
  const write = (line: string): void => void log.push(line);
  const logger: Logger = { debug: write, info: write, warn: write, error: write };
  return {
    client: createSecretClient({ endpoints: [kms], clock, retry: { maxAttempts: 1 }, logger }),
    clock,
    kms,
    log,
  };
}

/** The code of what it throws, and its message. */
function thrownBy(read: () => unknown): readonly [string | undefined, string] {
  try {
    read();
  } catch (error) {
    return isSecretError(error) ? [error.code, error.message] : [undefined, String(error)];
  }
  return [undefined, 'nothing was thrown'];
}

test('a handle has the version that is in memory now: the rotation is in it, and no reader waited', async () => {
  const { client, kms, clock } = setup();
  const db = new SecretHandle(client, 'db');
  await db.get();
  const before = db.current;
  kms.put('db', 'v2');
  await clock.pass('1h');

  expect([before.versionId, db.current.versionId]).toEqual(['v1', 'v2']);
  expect(db.current).toBe(client.peek('db'));
  expect(db.text() === 's3cret-db-v2').toBe(true);
});

test('its JSON is parsed once, and checked by a schema if one is given', async () => {
  const { client } = setup();
  const db = new SecretHandle(client, 'db');
  await db.get();
  const schema = {
    '~standard': {
      version: 1,
      vendor: 'none',
      validate: (value: unknown) => ({ value: Object.keys(value as object) }),
    },
  } as const;

  expect(db.json()).toBe(db.json());
  expect(db.json(schema)).toEqual(['user']);
});

test('before anybody has read it there is nothing to hand out, and the error says what to do', () => {
  const [code, message] = thrownBy(() => new SecretHandle(setup().client, 'db').current);

  expect(code).toBe('ERR_SECRET_UNAVAILABLE');
  expect(message).toMatch(/"db" is not in memory: it has not been read yet.*get\(\).*preload.*ready\(\)/u);
});

test('what KMS refuses by now is not handed out, although the handle has had it', async () => {
  const { client, kms } = setup();
  await client.get('db');
  const db = new SecretHandle(client, 'db');
  kms.fail('denied');
  await client.refresh('db').catch(() => {});

  const [code, message] = thrownBy(() => db.current);

  expect(code).toBe('ERR_SECRET_UNAVAILABLE');
  expect(message).toMatch(/"db" is not in memory: the client dropped it/u);
});

test('while KMS is away it has the old value, marked stale', async () => {
  const { client, kms, clock } = setup();
  await client.get('db');
  const db = new SecretHandle(client, 'db');
  kms.fail('unreachable');
  await clock.pass('2h');

  expect(db.current).toMatchObject({ versionId: 'v1', stale: true });
});

test('after a frozen time it has the old value until the new one is there: who cannot wait is not failed', async () => {
  const { client, kms, clock } = setup();
  await client.get('db');
  const db = new SecretHandle(client, 'db');
  kms.put('db', 'v2');
  clock.freeze('2h');

  const thawed = [client.peek('db'), db.current];
  await clock.pass(1);

  expect(thawed).toMatchObject([undefined, { versionId: 'v1', stale: true }]);
  expect(db.current).toMatchObject({ versionId: 'v2', stale: false });
});

test('after a frozen time of days it has nothing: no value is served for ever', async () => {
  const { client, clock } = setup();
  await client.get('db');
  const db = new SecretHandle(client, 'db');
  clock.freeze('26h');

  expect(thrownBy(() => db.current)[0]).toBe('ERR_SECRET_UNAVAILABLE');
});

test('a listener is told each rotation of its own secret in its own stage, until it is ended', async () => {
  const { client, kms } = setup();
  kms.put('other', 'v1');
  const db = new SecretHandle(client, 'db');
  const told: string[] = [];
  const end = db.onRotate(({ secret, previousVersionId }) => told.push(`${previousVersionId} -> ${secret.versionId}`));
  const rotate = async (versionId: string, stage?: string): Promise<void> => {
    for (const name of ['db', 'other']) {
      await client.get(name, { stage });
      kms.put(name, versionId);
      await client.refresh(name, { stage });
    }
  };

  await rotate('v2');
  await rotate('p2', 'ACSPrevious');
  await client.refresh('db');
  end();
  await rotate('v4');

  expect(told).toEqual(['v1 -> v2', 'v2 -> p2']);
});

test('a rotation of another secret counts as no read of this one', async () => {
  const { client, kms } = setup();
  kms.put('other', 'v1');
  await client.getMany(['db', 'other']);
  new SecretHandle(client, 'db').onRotate(() => {});
  const { hits } = client.stats();
  kms.put('other', 'v2');

  await client.refresh('other');

  expect(client.stats().hits).toBe(hits);
});

test('a listener that throws, or rejects, is reported, and what it threw is not shown', async () => {
  const { client, kms, log } = setup();
  await client.get('db');
  const db = new SecretHandle(client, 'db');
  db.onRotate(() => {
    throw new Error('s3cret-in-a-message');
  });
  db.onRotate(() => Promise.reject(new Error('s3cret-in-a-message')) as unknown as void); // as untyped code would
  kms.put('db', 'v2');
  await client.refresh('db');
  await new Promise((resolve) => setImmediate(resolve));

  expect(log.filter((line) => line.startsWith('A listener for "rotated" failed'))).toHaveLength(2);
  expect(log.join('\n').includes('s3cret-')).toBe(false);
});

test('a handle shows no value to anything that prints', async () => {
  const { client } = setup();
  const db = new SecretHandle(client, 'db');
  await db.get();

  const printed = [JSON.stringify(db), inspect(db, { depth: 9, showHidden: true })].join();

  expect(printed).toContain('db');
  expect(printed.includes('s3cret-')).toBe(false);
  expect(JSON.parse(JSON.stringify(db))).toEqual({ name: 'db' });
});
