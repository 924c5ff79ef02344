import { getEventListeners, once } from 'node:events';
import { createServer } from 'node:net';
import { FakeClock } from '@kms-secrets/testing';
import { expect, test } from 'vitest';
import { failureOf, listen, noAbort, open, request, requestReceived, start } from './channel.fixture.ts';

test.each(['hang', 'hangMidBody'] as const)(
  'rejects when the signal aborts during a fault of kind %s',
  async (kind) => {
    const kms = await start();
    kms.fault({ kind });
    const controller = new AbortController();
    const reason = new Error('stop');
    const fetching = open(kms).fetch(request, controller.signal);
    await requestReceived(kms);

    controller.abort(reason);

    await expect(fetching).rejects.toBe(reason);
  },
);

test('sends no request if the signal has already aborted', async () => {
  const kms = await start();

  await expect(open(kms).fetch(request, AbortSignal.abort('stop'))).rejects.toBe('stop');

  expect(kms.requests).toEqual([]);
});

test('rejects when the signal aborts while the credentials provider hangs', async () => {
  const kms = await start();
  const controller = new AbortController();
  const credentials = { getCredential: () => new Promise<never>(() => {}) };
  const fetching = open(kms, { credentials }).fetch(request, controller.signal);

  controller.abort('stop');

  await expect(fetching).rejects.toBe('stop');
});

test('adds one listener to a signal that is used for many fetches', async () => {
  const kms = await start();
  const transport = open(kms);
  const signal = noAbort();

  await transport.fetch(request, signal);
  kms.deny('prod/db');
  await failureOf(transport.fetch(request, signal));

  expect(getEventListeners(signal, 'abort')).toHaveLength(1);
});

test('leaves no timer after a fetch', async () => {
  const kms = await start();
  const clock = new FakeClock({ date: kms.clock.date() });
  const controller = new AbortController();

  await open(kms, { clock }).fetch(request, controller.signal);

  expect(clock.pendingTimers).toBe(0);
});

test('times out a server that accepts the connection and sends nothing', async () => {
  const kms = await start();
  const clock = new FakeClock({ date: kms.clock.date() });
  const silent = createServer();
  const host = `127.0.0.1:${await listen(silent)}`;
  const fetching = failureOf(open(kms, { clock, endpoint: { host } }).fetch(request, noAbort()));
  await once(silent, 'connection');

  await clock.pass('2s');

  expect(await fetching).toMatchObject({ failure: 'unreachable', code: 'ETIMEDOUT' });
});

test('does not apply the connect timeout to the response', async () => {
  const kms = await start();
  kms.fault({ kind: 'hang' });
  const clock = new FakeClock({ date: kms.clock.date() });
  const controller = new AbortController();
  const fetching = open(kms, { clock }).fetch(request, controller.signal);
  await requestReceived(kms);

  await clock.pass('1m');
  controller.abort('stop');

  await expect(fetching).rejects.toBe('stop');
});

test('reports a server without TLS as unreachable', async () => {
  const kms = await start();
  const plain = createServer((socket) => socket.end('HTTP/1.1 200 OK\r\n\r\n'));

  const host = `127.0.0.1:${await listen(plain)}`;

  expect(await failureOf(open(kms, { endpoint: { host } }).fetch(request, noAbort()))).toMatchObject({
    failure: 'unreachable',
  });
});

test('repeats a request on a new connection if the idle one was closed', async () => {
  const kms = await start();
  const nonces: string[] = [];
  const nonce = (): string => {
    nonces.push(`nonce-${nonces.length}`);
    return nonces.at(-1) ?? '';
  };
  const transport = open(kms, { nonce });
  await transport.fetch(request, noAbort());
  kms.fault({ kind: 'reset' }, { times: 1 });

  const secret = await transport.fetch(request, noAbort());

  expect(secret.text()).toBe('s3cret-1');
  expect(nonces).toEqual(['nonce-0', 'nonce-1', 'nonce-2']);
  expect(kms.handshakes).toBe(2);
});

test('repeats a request only once', async () => {
  const kms = await start();
  const transport = open(kms);
  await transport.fetch(request, noAbort());
  kms.fault({ kind: 'reset' });

  const failure = await failureOf(transport.fetch(request, noAbort()));

  expect(failure).toMatchObject({ failure: 'unreachable', code: 'ECONNRESET' });
  expect(kms.requests).toHaveLength(3);
});

test('close rejects pending and later fetches', async () => {
  const kms = await start();
  kms.fault({ kind: 'hang' });
  const transport = open(kms);
  const fetching = failureOf(transport.fetch(request, noAbort()));
  await requestReceived(kms);

  transport.close();

  expect(await fetching).toMatchObject({ failure: 'rejected' });
  expect((await failureOf(transport.fetch(request, noAbort()))).message).toContain('closed');
  expect(kms.requests).toHaveLength(1);
});
