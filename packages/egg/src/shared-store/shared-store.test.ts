import { createSecretClient, systemClock } from '@kms-secrets/core';
import type { SecretClient, SecretStore, StoreEvent } from '@kms-secrets/core';
import { FakeClock, FakeTransport } from '@kms-secrets/testing';
import { describeStore } from '@kms-secrets/testing/contracts';
import { once } from 'node:events';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { AgentServer, LocalLink } from './agent-server.ts';
import { AgentStore } from './agent-store.ts';
import { StoreHub } from './store-hub.ts';
import { WorkerLink } from './worker-link.ts';

interface Agent {
  readonly hub: StoreHub;
  readonly path: string;
  readonly close: () => Promise<void>;
}

async function startAgent(clock: Pick<FakeClock, 'now'> = systemClock): Promise<Agent> {
  const hub = new StoreHub(clock);
  const server = new AgentServer(hub);
  const path = await server.listen();
  onTestFinished(() => server.close());
  return { hub, path, close: () => server.close() };
}

interface SilentAgent {
  readonly path: string;
  readonly sockets: readonly Socket[];
  readonly received: () => string;
}

/** An agent that hangs. */
async function startSilentAgent(): Promise<SilentAgent> {
  const path = join(await mkdtemp(join(tmpdir(), 'egg-agent-')), 'agent');
  const sockets: Socket[] = [];
  let received = '';
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('data', (chunk) => (received += String(chunk))).on('error', () => {});
  }).listen(path);
  onTestFinished(async () => {
    server.close();
    for (const socket of sockets) socket.destroy();
    await rm(dirname(path), { recursive: true });
  });
  await once(server, 'listening');
  return { path, sockets, received: () => received };
}

interface Worker {
  readonly link: WorkerLink;
  readonly store: SecretStore;
  readonly events: readonly StoreEvent[];
}

/** A worker that has started, on the agent at `path`. */
async function startWorker(path: string | undefined): Promise<Worker> {
  const link = new WorkerLink();
  const store = new AgentStore(link);
  link.open(path);
  if (path !== undefined) await new Promise<void>((resolve) => void store.subscribe(() => resolve()));
  const events: StoreEvent[] = [];
  store.subscribe((event) => events.push(event));
  link.endStart();
  onTestFinished(() => store.close());
  return { link, store, events };
}

const stored = (fetchedAt = 1): NonNullable<Awaited<ReturnType<SecretStore['read']>>> => ({
  name: 'db',
  versionId: 'v1',
  stages: ['ACSCurrent'],
  type: 'Generic',
  dataType: 'text',
  value: 's3cret-one\u2028\n',
  fetchedAt,
});

/** Workers with a client each, which fetch from one KMS. */
async function startClients(
  count: number,
  path: string,
  kms: FakeTransport,
): Promise<{ client: SecretClient; worker: Worker }[]> {
  const workers = await Promise.all(Array.from({ length: count }, () => startWorker(path)));
  return workers.map((worker) => {
    const client = createSecretClient({
      endpoints: [kms],
      precedence: 'code-only',
      stores: worker.store,
      storeTimeout: '30s',
    });
    onTestFinished(() => client.close());
    return { client, worker };
  });
}

describeStore('the store of the agent, in a worker', async () => (await startWorker((await startAgent()).path)).store);
describeStore('the store of the agent, in the agent', () => new AgentStore(new LocalLink(new StoreHub(systemClock))));

test('eight workers send KMS one request, and one for each rotation', async () => {
  const kms = new FakeTransport();
  kms.put('db', 'v1');
  const clients = await startClients(8, (await startAgent()).path, kms);

  await Promise.all(clients.map(({ client }) => client.get('db')));
  expect(kms.requests.length).toBe(1);

  kms.put('db', 'v2');
  await clients[0]?.client.refresh('db');
  await expect.poll(() => clients.map(({ client }) => client.peek('db')?.versionId)).toEqual(clients.map(() => 'v2'));
  expect(kms.requests.length).toBe(2);
});

test('a refusal reaches every worker, each with the error of KMS', async () => {
  const kms = new FakeTransport();
  kms.put('db', 'v1');
  const clients = await startClients(4, (await startAgent()).path, kms);
  await Promise.all(clients.map(({ client }) => client.get('db')));

  kms.fail('denied');
  await clients[0]?.client.refresh('db').catch(() => {});

  await expect.poll(() => clients.filter(({ client }) => client.peek('db') !== undefined).length).toBe(0);
  const errors = await Promise.all(clients.map(({ client }) => client.get('db').catch((error: unknown) => error)));
  expect(errors).toMatchObject(clients.map(() => ({ code: 'ERR_ACCESS_DENIED', secretName: 'db' })));
});

test('no read fails while the agent is dead and while another one starts', async () => {
  const kms = new FakeTransport();
  kms.put('db', 'v1');
  kms.put('new', 'v1');
  const agent = await startAgent();
  const clients = await startClients(2, agent.path, kms);
  await clients[0]?.client.get('db');

  await agent.close();
  await expect.poll(() => clients[1]?.worker.events.at(-1)?.kind).toBe('unavailable');
  expect((await clients[1]?.client.get('new'))?.versionId).toBe('v1');
  const next = await startAgent();
  for (const { worker } of clients) worker.link.open(next.path);
  for (const { worker } of clients) await expect.poll(() => worker.events).toContainEqual({ kind: 'recovered' });

  kms.put('db', 'v2');
  await clients[1]?.client.refresh('db');
  await expect.poll(() => clients[0]?.client.peek('db')?.versionId).toBe('v2');
});

test('calls that an agent has not answered reject when it dies', async () => {
  const silent = await startSilentAgent();
  const { store } = await startWorker(silent.path);

  const reading = store.read({ name: 'db' });
  await expect.poll(() => silent.received()).toContain('read');
  silent.sockets[0]?.destroy();

  await expect(reading).rejects.toThrow('the connection to the agent was closed');
});

test('the path of the same agent changes nothing; that of another one ends the calls to the first', async () => {
  const silent = await startSilentAgent();
  const { path } = await startAgent();
  const { link, store } = await startWorker(silent.path);

  const reading = store.read({ name: 'db' });
  await expect.poll(() => silent.received()).toContain('read');
  link.open(silent.path);
  link.open(path);

  await expect(reading).rejects.toThrow('the connection to the agent was closed');
  expect(silent.sockets.length).toBe(1);
  await expect(store.read({ name: 'db' })).resolves.toBeUndefined();
});

test('while the worker starts, a call waits for the agent; afterwards it does not', async () => {
  const { path } = await startAgent();
  const [starting, started] = [new WorkerLink(), new WorkerLink()];
  const store = new AgentStore(starting);
  onTestFinished(() => store.close());

  const reading = store.read({ name: 'db' });
  expect(store.preparing).toBeInstanceOf(Promise);
  starting.open(path);
  await expect(reading).resolves.toBeUndefined();
  starting.endStart();
  expect(store.preparing).toBeUndefined();

  started.endStart();
  await expect(new AgentStore(started).read({ name: 'db' })).rejects.toThrow('the agent cannot be reached');
});

test('without a socket of the agent, the store is empty and no process waits for another', async () => {
  const { store } = await startWorker(undefined);

  await store.write({ name: 'db' }, stored());
  const lease = await store.lease?.({ name: 'db' }, 1_000);
  await lease?.release();

  expect([await store.read({ name: 'db' }), lease === undefined]).toEqual([undefined, false]);
});

test('a lease excludes the other processes until it is released, expires or its process dies', async () => {
  const clock = new FakeClock();
  const { path } = await startAgent(clock);
  const [one, other] = [await startWorker(path), await startWorker(path)];
  const isFree = async (): Promise<boolean> => {
    const lease = await other.store.lease?.({ name: 'db' }, 1_000);
    await lease?.release();
    return lease !== undefined;
  };

  const first = await one.store.lease?.({ name: 'db' }, 1_000);
  expect(await isFree()).toBe(false);
  await first?.release();
  expect(await isFree()).toBe(true);

  await one.store.lease?.({ name: 'db' }, 1_000);
  await clock.pass(1_001);
  expect(await isFree()).toBe(true);

  await one.store.lease?.({ name: 'db' }, 1_000);
  await one.store.close();
  await expect.poll(isFree).toBe(true);
});

test('the store of the agent is bounded: the secret written longest ago goes first', () => {
  const member = new StoreHub(systemClock).join(() => {});
  for (let index = 0; index <= 10_000; index += 1) member.run(['write', { name: `db-${index}` }, stored()]);

  expect([member.run(['read', { name: 'db-0' }]), member.run(['read', { name: 'db-1' }])]).toEqual([
    undefined,
    expect.any(Object),
  ]);
});

test('only the user of the agent can reach the socket, and its folder is removed', async () => {
  const { path, close } = await startAgent();
  const { mode } = await stat(dirname(path));
  await close();

  expect((mode & 0o777).toString(8)).toBe('700');
  await expect(stat(dirname(path))).rejects.toMatchObject({ code: 'ENOENT' });
});

test.each([
  ['no JSON', 'hello\n'],
  ['too long', `"${'x'.repeat(1_000_001)}`],
])('a message that is %s ends its connection, and no other', async (_, text) => {
  const { path } = await startAgent();
  const { store } = await startWorker(path);

  const socket = connect(path).on('error', () => {});
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.write(text);

  await closed;
  await expect(store.read({ name: 'db' })).resolves.toBeUndefined();
});
