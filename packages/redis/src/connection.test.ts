import { EventEmitter } from 'node:events';
import { FakeClock } from '@kms-secrets/testing';
import { expect, test } from 'vitest';
import { Connection } from './connection.ts';
import type { RedisClient } from './redis-client.ts';

/** A client whose commands the test answers. */
class FakeClient extends EventEmitter implements RedisClient {
  status = 'ready';
  readonly commands: string[] = [];
  disconnects = 0;
  respond: (command: string) => Promise<unknown> = () => Promise.resolve('OK');

  async connect(): Promise<void> {
    await Promise.resolve();
  }

  disconnect(): void {
    this.disconnects += 1;
  }

  duplicate(): FakeClient {
    return new FakeClient();
  }

  callBuffer(command: string): Promise<unknown> {
    this.commands.push(command);
    return this.respond(command);
  }

  async subscribe(): Promise<unknown> {
    return Promise.resolve();
  }
}

function commandOn(name: string, key: string) {
  return { key, name, args: [key] };
}

interface ConnectionFixture {
  readonly client: FakeClient;
  readonly clock: FakeClock;
  readonly connection: Connection;
  /** `unavailable: <reason>` and `recovered`, in their order. */
  readonly events: readonly string[];
}

/** A connection with a timeout of 500 ms, whose client is in use. `isOwn`: the connection has created the client. */
async function setUp({ isOwn = false }: { readonly isOwn?: boolean } = {}): Promise<ConnectionFixture> {
  const client = new FakeClient();
  const clock = new FakeClock();
  const events: string[] = [];
  const connection = new Connection({
    client: isOwn ? async () => Promise.resolve(client) : client,
    clock,
    timeout: 500,
    onUnavailable: (reason) => events.push(`unavailable: ${reason}`),
    onRecovered: () => events.push('recovered'),
    onFailover: () => events.push('failover'),
  });
  await connection.send(commandOn('GET', 'key'));
  return { client, clock, connection, events };
}

test.each([
  ['ECONNREFUSED', 'the connection failed (ECONNREFUSED)'],
  ['s3cret-password', 'the connection was closed'],
  [`E${'X'.repeat(40)}`, 'the connection was closed'],
])('of an error with the code %s it reports: %s', async (code, reason) => {
  const { client, events } = await setUp();

  client.emit('error', Object.assign(new Error('connect redis://:s3cret-password@host'), { code }));
  client.emit('close');

  expect(events).toEqual([`unavailable: ${reason}`]);
});

test('explains an error reply of the connection', async () => {
  const { client, events } = await setUp();

  client.emit('error', Object.assign(new Error('WRONGPASS s3cret-password'), { name: 'ReplyError' }));
  client.emit('close');

  expect(events).toEqual(['unavailable: Redis rejected the user name or password']);
});

test('sends no command while Redis is unavailable, and sends them again after it is ready', async () => {
  const { client, connection, events } = await setUp();
  client.emit('close');

  await expect(connection.send(commandOn('GET', 'key'))).rejects.toThrow('the connection was closed');
  const sent = client.commands.length;
  client.emit('ready');
  await connection.send(commandOn('GET', 'key'));

  expect(sent).toBe(1);
  expect(client.commands.length).toBe(2);
  expect(events).toEqual(['unavailable: the connection was closed', 'recovered']);
});

test('rejects every pending command when the connection closes', async () => {
  const { client, connection, clock } = await setUp();
  client.respond = () => new Promise(() => {});
  const commands = Promise.allSettled([
    connection.send(commandOn('GET', 'one')),
    connection.send(commandOn('GET', 'two')),
  ]);
  await clock.pass(0);

  client.emit('close');

  expect((await commands).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(clock.pendingTimers).toBe(0);
});

test('probes a Redis that does not respond every second, until it responds', async () => {
  const { client, connection, clock, events } = await setUp();
  client.respond = () => new Promise(() => {});
  const command = connection.send(commandOn('GET', 'key'));
  command.catch(() => {});
  await clock.pass(499);
  expect(events).toEqual([]);
  await clock.pass(1);
  await expect(command).rejects.toThrow('no response within 500 ms');

  await clock.pass('999ms');
  expect(client.commands).toEqual(['GET', 'GET']);
  await clock.pass(1);
  expect(client.commands).toEqual(['GET', 'GET', 'PING']);
  client.respond = () => Promise.resolve('PONG');
  await clock.pass('1.5s');

  expect(client.commands).toEqual(['GET', 'GET', 'PING', 'PING']);
  expect(events).toEqual(['unavailable: no response within 500 ms', 'recovered']);
  await clock.pass('1m');
  expect(client.commands.length).toBe(4);
});

test('does not probe a client that reconnects', async () => {
  const { client, connection, clock } = await setUp();
  client.respond = () => new Promise(() => {});
  connection.send(commandOn('GET', 'key')).catch(() => {});
  await clock.pass(500);
  client.status = 'reconnecting';

  await clock.pass('1m');

  expect(client.commands).toEqual(['GET', 'GET']);
});

test('an error reply rejects its command and is no outage', async () => {
  const { client, connection, events } = await setUp();
  const reply = Object.assign(new Error('OOM command not allowed'), { name: 'ReplyError' });
  client.respond = () => Promise.reject(reply);

  await expect(connection.send(commandOn('HSET', 'key'))).rejects.toBe(reply);

  expect(events).toEqual([]);
});

test("a client's own error rejects its command without its text", async () => {
  const { client, connection } = await setUp();
  client.respond = () => Promise.reject(new Error("Stream isn't writeable: s3cret-value"));

  await expect(connection.send(commandOn('HSET', 'key'))).rejects.toThrow(/^the connection was closed$/u);
});

test.each([
  ['its own client', true, 1],
  ["the caller's client", false, 0],
] as const)('close() of a connection with %s disconnects it: %s', async (_, isOwn, disconnects) => {
  const { client, clock, connection, events } = await setUp({ isOwn });
  client.respond = () => new Promise(() => {});
  const command = connection.send(commandOn('GET', 'key'));
  command.catch(() => {});
  await clock.pass(0);

  await connection.close();
  client.emit('close');

  await expect(command).rejects.toThrow('the store is closed');
  await expect(connection.send(commandOn('GET', 'key'))).rejects.toThrow('the store is closed');
  expect(client.disconnects).toBe(disconnects);
  expect([events, clock.pendingTimers]).toEqual([[], 0]);
});

test('close() ends the probes', async () => {
  const { client, connection, clock } = await setUp();
  client.respond = () => new Promise(() => {});
  connection.send(commandOn('GET', 'key')).catch(() => {});
  await clock.pass(500);

  await connection.close();

  expect(clock.pendingTimers).toBe(0);
});

test('commands before the first connection wait for it', async () => {
  const { client, connection, clock } = await setUp();
  client.status = 'connecting';
  const command = connection.send(commandOn('GET', 'key'));
  await clock.pass(0);
  expect(client.commands.length).toBe(1);

  client.status = 'ready';
  client.emit('ready');

  expect(await command).toBe('OK');
});

test('a command of a client that was closed rejects', async () => {
  const { client, connection } = await setUp();
  client.status = 'end';

  await expect(connection.send(commandOn('GET', 'key'))).rejects.toThrow('the client was closed');
});

/** A connection with a timeout of 500 ms, whose client is not connected yet, and a command that waits for it. */
async function setUpConnecting(): Promise<{
  readonly client: FakeClient;
  readonly clock: FakeClock;
  readonly connection: Connection;
  readonly command: Promise<unknown>;
}> {
  const client = new FakeClient();
  client.status = 'connecting';
  const clock = new FakeClock();
  const ignore = (): void => {};
  const parts = { client, clock, timeout: 500, onUnavailable: ignore, onRecovered: ignore, onFailover: ignore };
  const connection = new Connection(parts);
  const command = connection.send(commandOn('GET', 'key'));
  command.catch(() => {});
  await clock.pass(0);
  return { client, clock, connection, command };
}

test('the time of a command begins after the first connection', async () => {
  const { client, clock, command } = await setUpConnecting();
  client.respond = async () => {
    await new Promise((resolve) => void clock.setTimer(400, () => resolve(undefined)));
    return 'OK';
  };

  await clock.pass(400);
  client.status = 'ready';
  client.emit('ready');
  await clock.pass(400);

  expect(await command).toBe('OK');
});

test.each<[string, (fixture: Awaited<ReturnType<typeof setUpConnecting>>) => unknown]>([
  ['ready', ({ client }) => client.emit('ready')],
  ['closed', ({ client }) => client.emit('close')],
  ['not ready within the timeout', ({ clock }) => clock.pass(500)],
  ['closed by the store', ({ connection }) => connection.close()],
])('a client is connecting until it is %s', async (_, end) => {
  const fixture = await setUpConnecting();
  const { connection } = fixture;
  const { connecting } = connection;

  await end(fixture);

  expect(connecting).toBeInstanceOf(Promise);
  await connecting;
  expect(connection.connecting).toBeUndefined();
});

test('a client that cannot be created is not connecting', async () => {
  const ignore = (): void => {};
  const connection = new Connection({
    client: () => Promise.reject(new Error('not installed')),
    clock: new FakeClock(),
    timeout: 500,
    onUnavailable: ignore,
    onRecovered: ignore,
    onFailover: ignore,
  });

  await expect(connection.send(commandOn('GET', 'key'))).rejects.toThrow('not installed');

  expect(connection.connecting).toBeUndefined();
});

test('leaves no listener of its own on a client that is not its own', async () => {
  const { client, connection } = await setUp();
  const own = client.eventNames().length;

  await connection.close();

  expect(own).toBeGreaterThan(0);
  expect(client.eventNames()).toEqual([]);
  expect(client.disconnects).toBe(0);
});
