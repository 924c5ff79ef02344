import { createSecretClient } from '@kms-secrets/core';
import type { SecretClient } from '@kms-secrets/core';
import { FakeClock, FakeTransport } from '@kms-secrets/testing';
import { afterEach, describe, expect, test } from 'vitest';
import { CapturedStream } from '../test-host.fixture.ts';
import { watchSecrets } from './watch.ts';

interface Fixture {
  readonly client: SecretClient;
  readonly kms: FakeTransport;
  readonly clock: FakeClock;
  readonly stdout: CapturedStream;
  readonly stop: AbortController;
  readonly ended: Promise<void>;
  /** What is written from now on. */
  readonly next: () => string;
}

const clients: SecretClient[] = [];
afterEach(() => Promise.all(clients.map((client) => client.close())));

function start(isTerminal: boolean, names: readonly string[] = ['prod/db']): Fixture {
  const clock = new FakeClock();
  const kms = new FakeTransport();
  for (const name of names) kms.put(name, 'v1');
  const client = createSecretClient({ endpoints: [kms], clock, ttl: '10m', precedence: 'code-only' });
  clients.push(client);
  const stdout = new CapturedStream(isTerminal);
  const stop = new AbortController();
  const ended = watchSecrets({ client, names, stdout, clock, stop: stop.signal, interval: 1_000 });
  let seen = 0;
  const next = (): string => {
    const text = Buffer.concat(stdout.chunks.slice(seen)).toString();
    seen = stdout.chunks.length;
    return text;
  };
  return { client, kms, clock, stdout, stop, ended, next };
}

describe('at a terminal', () => {
  test('draws a table again and again', async () => {
    const { kms, clock, stop, ended, next } = start(true);
    await clock.pass(1_000);
    expect(next()).toContain('prod/db  v1       fresh');

    kms.put('prod/db', 'v2');
    await clock.pass('10m');
    expect(next()).toMatch(/prod\/db {2}v2 +fresh +\d.* +in .* +1x/u);

    kms.fail('unavailable');
    await clock.pass('15m');
    const table = next();
    expect(table).toMatch(/prod\/db {2}v2 +stale .*ERR_SECRET_UNAVAILABLE for/u);
    expect(table).toMatch(/kms\.example has been failing for .*Injected fault/u);

    stop.abort();
    await ended;
    expect(next().endsWith('\u001B[?25h')).toBe(true);
  });

  test('draws no more lines than the terminal has', async () => {
    const names = Array.from({ length: 100 }, (_, index) => `prod/${index}`);
    const { clock, stop, ended, next } = start(true, names);
    await clock.pass(3_000);
    const [first = ''] = next().split('\u001B[J');

    expect(first.split('\n').length).toBeLessThanOrEqual(24);
    expect(first).toContain('more');
    stop.abort();
    await ended;
  });

  test('ends when the terminal goes away', async () => {
    const { clock, stdout, ended } = start(true);
    await clock.pass(1_000);
    stdout.error = Object.assign(new Error('write EIO'), { code: 'EIO' });
    const error = ended.catch((thrown: unknown) => thrown);
    await clock.pass(2_000);

    expect(await error).toMatchObject({ code: 'EIO' });
  });
});

describe('elsewhere', () => {
  test('writes a line for each event', async () => {
    const { kms, clock, stop, ended, next } = start(false);
    await clock.pass(10);
    expect(next()).toMatch(/^2026-01-02T03:04:05\.\d{3}Z prod\/db has version v1, fresh, next refresh in .*\n$/u);

    kms.put('prod/db', 'v2');
    await clock.pass('10m');
    expect(next()).toMatch(/^\S+ prod\/db rotated from version v1 to v2\n$/u);

    kms.fail('unavailable');
    await clock.pass('10m');
    const failure = next();
    expect(failure).toMatch(/ endpoint kms\.example is failing: unavailable\n/u);
    expect(failure).toMatch(/ prod\/db could not be read: .*Injected fault.*\n/u);

    kms.heal();
    await clock.pass('10m');
    expect(next()).toMatch(/ prod\/db could be read again\n/u);
    stop.abort();
    await ended;
  });

  test('reports a secret that cannot be read at the start', async () => {
    const { client, kms, clock, stop, ended, next } = start(false, []);
    client.pin('prod/nope');
    await client.get('prod/nope').catch((error: unknown) => error);
    await clock.pass(10);

    expect(next()).toMatch(/^\S+ prod\/nope could not be read: .*not found/u);
    expect(kms.requests.length).toBeGreaterThan(0);
    stop.abort();
    await ended;
  });

  test('ends when the reader goes away', async () => {
    const { clock, stdout, ended } = start(false);
    stdout.error = Object.assign(new Error('write EPIPE'), { code: 'EPIPE' });
    const error = ended.catch((thrown: unknown) => thrown);
    await clock.pass(1_000);

    expect(await error).toMatchObject({ code: 'EPIPE' });
  });
});
