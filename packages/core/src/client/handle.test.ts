import { inspect } from 'node:util';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { expect, test } from 'vitest';
import { isSecretError } from '../secret/errors.ts';
import { setUpClient } from './client.fixture.ts';
import type { ClientFixture } from './client.fixture.ts';
import type { SecretHandle } from './handle.ts';

interface Account {
  readonly user: string;
}

const accountSchema: StandardSchemaV1<unknown, Account> = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: (value) =>
      typeof value === 'object' && value !== null && 'user' in value
        ? { value: { user: String(value.user) } }
        : { issues: [{ message: 'no user' }] },
  },
};

/** A client that has read `db`, and a handle of it. */
async function setUpHandle(): Promise<ClientFixture & { readonly handle: SecretHandle }> {
  const fixture = setUpClient({ retry: { maxAttempts: 1 } });
  fixture.kms.put('db', 'v1', { value: '{"user":"s3cret-user"}' });
  await fixture.client.get('db');
  return { ...fixture, handle: fixture.client.handle('db') };
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** The code and the message of the error that `read` throws. */
function thrownBy(read: () => unknown): readonly [string | undefined, string] {
  try {
    read();
  } catch (error) {
    return isSecretError(error) ? [error.code, error.message] : [undefined, String(error)];
  }
  return [undefined, 'nothing was thrown'];
}

test('current is the version in memory, and follows rotations', async () => {
  const { client, clock, kms, handle } = await setUpHandle();
  const before = handle.current;
  kms.put('db', 'v2');
  await clock.pass('1h');

  expect([before.versionId, handle.current.versionId]).toEqual(['v1', 'v2']);
  expect(handle.current).toBe(client.peek('db'));
  expect(handle.text() === 's3cret-db-v2').toBe(true);
});

test('get() reads the secret, for current to return', async () => {
  const { client } = setUpClient();
  const handle = client.handle('db');

  const secret = await handle.get();

  expect(handle.current).toBe(secret);
});

test('json() parses the value once, and validates it with a schema', async () => {
  const { handle } = await setUpHandle();
  const keys = {
    '~standard': {
      version: 1,
      vendor: 'test',
      validate: (value: unknown) => ({ value: Object.keys(value as object) }),
    },
  } as const;

  expect(handle.json()).toBe(handle.json());
  expect(handle.json(keys)).toEqual(['user']);
});

test('current throws before the first read and says what to do', () => {
  const { client } = setUpClient();

  const [code, message] = thrownBy(() => client.handle('db').current);

  expect(code).toBe('ERR_SECRET_UNAVAILABLE');
  expect(message).toMatch(/"db" is not in memory: it has not been read yet.*get\(\).*preload.*ready\(\)/u);
});

test('the error of a read that sent no request has an empty list of attempts', () => {
  const { client } = setUpClient();

  expect(() => client.handle('db').current).toThrow(expect.objectContaining({ secretName: 'db', attempts: [] }));
});

test.each([
  ['denied', 'ERR_ACCESS_DENIED'],
  ['disabled', 'ERR_SECRET_DISABLED'],
  ['notFound', 'ERR_SECRET_NOT_FOUND'],
] as const)('current throws the refusal of KMS, however long ago: %s', async (failure, code) => {
  const { client, clock, kms, handle } = await setUpHandle();
  kms.fail(failure);
  await client.refresh('db').catch(() => {});
  const atOnce = thrownBy(() => handle.current);

  // Longer than negativeTtl after the last of the fetches, which follow each other at intervals of 30 s.
  await clock.pass('3620s');

  expect([atOnce[0], thrownBy(() => handle.current)[0]]).toEqual([code, code]);
});

test('current returns the secret again once KMS allows it', async () => {
  const { client, clock, kms, handle } = await setUpHandle();
  kms.fail('denied');
  await client.refresh('db').catch(() => {});
  kms.heal();

  await clock.pass('1m');

  expect(handle.current.versionId).toBe('v1');
});

test('current says that the secret was invalidated or not read', async () => {
  const { client, clock, kms, handle } = await setUpHandle();
  kms.fail('unreachable');
  void client.invalidate('db');
  await clock.pass('10s');

  const [code, message] = thrownBy(() => handle.current);

  expect(code).toBe('ERR_SECRET_UNAVAILABLE');
  expect(message).toMatch(/"db" is not in memory: it was invalidated/u);
});

test('current says that an unread secret without a pin was idle', async () => {
  const { clock, handle } = await setUpHandle();
  handle.dispose();

  await clock.pass('12h');

  expect(thrownBy(() => handle.current)[1]).toMatch(/it was not read for idleTtl/u);
});

test('current throws that the client is closed', async () => {
  const { client, handle } = await setUpHandle();

  await client.close();

  expect(thrownBy(() => handle.current)[0]).toBe('ERR_CLIENT_CLOSED');
});

test('current is the stale value while KMS is unavailable', async () => {
  const { clock, kms, handle } = await setUpHandle();
  kms.fail('unreachable');
  await clock.pass('2h');

  expect(handle.current).toMatchObject({ versionId: 'v1', stale: true });
});

test('current is the stale value after a suspension, until the refresh', async () => {
  const { client, clock, kms, handle } = await setUpHandle();
  kms.put('db', 'v2');
  clock.freeze('2h');

  const resumed = [client.peek('db'), handle.current];
  await nextTurn(); // no timer runs: after a suspend, one may stand still for up to a minute

  expect(resumed).toMatchObject([undefined, { versionId: 'v1', stale: true }]);
  expect(handle.current).toMatchObject({ versionId: 'v2', stale: false });
});

test('current past staleIfError throws and starts the refresh', async () => {
  const { clock, kms, handle } = await setUpHandle();
  kms.put('db', 'v2');
  clock.freeze('26h');

  const [code, message] = thrownBy(() => handle.current);
  await nextTurn();

  expect(code).toBe('ERR_SECRET_UNAVAILABLE');
  expect(message).toMatch(/"db" is not in memory: its value is too old.*refresh has started/u);
  expect(handle.current.versionId).toBe('v2');
});

test('peek() past the TTL starts the refresh', async () => {
  const { client, clock, kms } = await setUpHandle();
  kms.put('db', 'v2');
  clock.freeze('2h');

  const before = client.peek('db');
  await nextTurn();

  expect([before, client.peek('db')?.versionId]).toEqual([undefined, 'v2']);
  expect(kms.requests).toHaveLength(2);
});

test('current past the TTL does not list all secrets', async () => {
  const { client, clock, handle } = await setUpHandle();
  client.describe = () => expect.fail('A handle must not list all secrets.');
  clock.freeze('2h');

  expect(handle.current).toMatchObject({ versionId: 'v1', stale: true });
});

test('onRotate() calls its listener for its own secret until it is removed', async () => {
  const { client, kms, handle } = await setUpHandle();
  kms.put('other', 'v1');
  const rotations: string[] = [];
  const remove = handle.onRotate(({ secret, previousVersionId }) =>
    rotations.push(`${previousVersionId} -> ${secret.versionId}`),
  );
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
  remove();
  await rotate('v4');

  expect(rotations).toEqual(['v1 -> v2', 'v2 -> p2']);
});

test('the rotation of another secret does not count as a read', async () => {
  const { client, kms, handle } = await setUpHandle();
  kms.put('other', 'v1');
  await client.get('other');
  handle.onRotate(() => {});
  const { hits } = client.stats();
  kms.put('other', 'v2');

  await client.refresh('other');

  expect(client.stats().hits).toBe(hits);
});

test('logs a listener that throws or rejects, without its message', async () => {
  const { client, kms, handle, lines } = await setUpHandle();
  handle.onRotate(() => {
    throw new Error('s3cret-in-a-message');
  });
  handle.onRotate(() => Promise.reject(new Error('s3cret-in-a-message')) as unknown as void); // as untyped code would
  kms.put('db', 'v2');
  await client.refresh('db');
  await nextTurn();

  expect(lines.filter((line) => line.startsWith('error A listener for "rotated" failed'))).toHaveLength(2);
  expect(lines.join('\n').includes('s3cret-')).toBe(false);
});

test('printing a handle shows its name and no value', async () => {
  const { handle } = await setUpHandle();

  const printed = [JSON.stringify(handle), inspect(handle, { depth: 9, showHidden: true })].join();

  expect(printed).toContain('db');
  expect(printed.includes('s3cret-')).toBe(false);
  expect(JSON.parse(JSON.stringify(handle))).toEqual({ name: 'db' });
});

test('client.handle() follows the default stage', async () => {
  const { client, kms } = setUpClient();
  await client.get('db');
  const handle = client.handle('db');
  kms.put('db', 'v2');

  await client.refresh('db');

  expect(handle.current.versionId).toBe('v2');
});

test('client.handle() follows another stage and its rotations only', async () => {
  const { client, kms } = setUpClient();
  const handle = client.handle('db', { stage: 'ACSPrevious' });
  const versions: string[] = [];
  handle.onRotate(({ secret }) => versions.push(secret.versionId));
  await handle.get();
  await client.get('db');
  kms.put('db', 'v2');

  await client.refresh('db');
  expect(versions).toEqual([]);
  await client.refresh('db', { stage: 'ACSPrevious' });

  expect(versions).toEqual(['v2']);
  expect(handle.current).toBe(client.peek('db', { stage: 'ACSPrevious' }));
});

test('client.handle() validates and types json() with its schema', async () => {
  const { client, kms } = setUpClient();
  kms.put('db', 'v1', { value: '{"user":"s3cret-user"}' });
  await client.get('db');

  const account: Account = client.handle('db', { schema: accountSchema }).json();

  expect(account.user === 's3cret-user').toBe(true);
  kms.put('db', 'v2', { value: '{}' });
  await client.refresh('db');
  expect(() => client.handle('db', { schema: accountSchema }).json()).toThrow(/does not|differs/u);
});

test('client.handle() refuses an invalid name', () => {
  expect(() => setUpClient().client.handle('')).toThrow(/must not be empty/u);
});
