import { EventEmitter } from 'node:events';
import { FakeClock } from '@kms-secrets/testing';
import { expect, test } from 'vitest';
import { FailoverCheck } from './failover-check.ts';
import type { RedisClient } from './redis-client.ts';

/** A connection to the server with this id. */
class FakeClient extends EventEmitter implements RedisClient {
  readonly status = 'wait';
  probes = 0;
  readonly #id: string | undefined;
  readonly #next: string | undefined;

  constructor(id: string | undefined, next: string | undefined = id) {
    super();
    this.#id = id;
    this.#next = next;
  }

  async connect(): Promise<void> {
    await Promise.resolve();
    this.emit('ready');
  }

  disconnect(): void {}

  /** Connects to the server that the address leads to now. */
  duplicate(): FakeClient {
    this.probes += 1;
    return new FakeClient(this.#next);
  }

  async callBuffer(): Promise<unknown> {
    if (this.#id === undefined) throw new Error('NOPERM');
    return Promise.resolve(Buffer.from(`# Server\r\nrun_id:${this.#id}\r\n`));
  }

  async subscribe(): Promise<unknown> {
    return Promise.resolve();
  }
}

function setUp(client: FakeClient): { clock: FakeClock; check: FailoverCheck; failovers: () => number } {
  const clock = new FakeClock();
  let failovers = 0;
  const check = new FailoverCheck({
    client: () => Promise.resolve(client),
    clock,
    timeout: 1_000,
    onFailover: () => (failovers += 1),
  });
  return { clock, check, failovers: () => failovers };
}

function reply(message: string): Error {
  return Object.assign(new Error(message), { name: 'ReplyError' });
}

test.each([
  "READONLY You can't write against a read only replica.",
  "READONLY You can't write against a read only replica. script: 1f, on @user_script:1.",
  'ERR Error running script (call to f_1f): @user_script:1: -READONLY You cannot write against a read only replica.',
  'LOADING Redis is loading the dataset in memory',
  "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
])('compares the servers after the reply %s', async (message) => {
  const { clock, check, failovers } = setUp(new FakeClient('a', 'b'));

  check.failed(reply(message));
  await clock.pass(0);

  expect(failovers()).toBe(1);
});

test.each([reply('NOPERM no permission'), reply('OOM command not allowed'), new Error('READONLY'), 'READONLY'])(
  'ignores %s',
  async (error) => {
    const client = new FakeClient('a', 'b');
    const { clock, check } = setUp(client);

    check.failed(error);
    await clock.pass(0);

    expect(client.probes).toBe(0);
  },
);

test('counts as a failover if the user may not run INFO', async () => {
  const { clock, check, failovers } = setUp(new FakeClient(undefined));

  check.failed(reply('READONLY'));
  await clock.pass(0);

  expect(failovers()).toBe(1);
});

test('checks a server that stays a replica at growing intervals, up to a minute', async () => {
  const client = new FakeClient('a');
  const { clock, check, failovers } = setUp(client);

  for (let second = 0; second < 600; second += 1) {
    check.failed(reply('READONLY'));
    await clock.pass('1s');
  }

  expect(failovers()).toBe(0);
  expect(client.probes).toBe(15);
});

test('refreshes the slots of a cluster, and opens no connection', async () => {
  let refreshes = 0;
  const client = Object.assign(new FakeClient('a'), { refreshSlotsCache: () => (refreshes += 1) });
  const { clock, check, failovers } = setUp(client);

  check.failed(reply('CLUSTERDOWN Hash slot not served'));
  await clock.pass(0);

  expect([refreshes, client.probes, failovers()]).toEqual([1, 0, 0]);
});
