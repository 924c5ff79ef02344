import { once } from 'node:events';
import type { AddressInfo, Server } from 'node:net';
import { connect, createServer } from 'node:net';
import { setImmediate as nextTick } from 'node:timers/promises';
import { FakeClock, startFakeKms } from '@kms-secrets/testing';
import type { FakeKms } from '@kms-secrets/testing';
import { expect, onTestFinished, test } from 'vitest';
import type { CredentialsProvider } from '../../ports/credentials.ts';
import type { FetchFailure } from '../../ports/transport.ts';
import type { OpenApiOptions } from '../openapi/openapi-transport.ts';
import { OpenApiTransport } from '../openapi/openapi-transport.ts';

const region = 'cn-hangzhou';

type ChannelTestOptions = OpenApiOptions & { readonly credentials: CredentialsProvider };
const request = { name: 'prod/db' };

async function start(): Promise<FakeKms> {
  const kms = await startFakeKms();
  kms.put('prod/db', 's3cret-1');
  onTestFinished(() => kms.close());
  return kms;
}

function open(kms: FakeKms, options: Partial<ChannelTestOptions> = {}): OpenApiTransport {
  const transport = new OpenApiTransport({
    endpoint: { host: kms.endpoint(region).endpoint },
    ca: kms.caPem,
    credentials: { getCredential: () => Promise.resolve({ ...kms.accessKey }) },
    clock: new FakeClock({ date: kms.clock.date() }),
    connectTimeout: 2_000,
    maxResponseBytes: 1_048_576,
    ...options,
  });
  onTestFinished(() => transport.close());
  return transport;
}

async function listen(server: Server): Promise<number> {
  const sockets = new Set<{ destroy(): void }>();
  server.on('connection', (socket) => sockets.add(socket));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

async function failureOf(fetching: Promise<unknown>): Promise<FetchFailure> {
  return fetching.then(
    () => {
      throw new Error('expected a failure');
    },
    (error: FetchFailure) => error,
  );
}

const noAbort = (): AbortSignal => new AbortController().signal;

/** Waits until the fake has received a request that it does not respond to. */
async function requestReceived(kms: FakeKms): Promise<void> {
  while (kms.openRequests === 0) await nextTick();
}

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

/** A proxy that records the CONNECT requests and responds with `status`. */
async function startProxy(
  status = '200 OK',
): Promise<{ readonly url: URL; readonly requests: string[]; readonly server: Server }> {
  const requests: string[] = [];
  const server = createServer((client) => {
    client.on('error', () => {});
    client.once('data', (head) => {
      requests.push(head.toString('latin1'));
      const target = /^CONNECT (?<host>[^:]+):(?<port>\d+) /u.exec(head.toString('latin1'))?.groups;
      if (status === 'silence') return;
      if (status !== '200 OK') {
        client.end(`HTTP/1.1 ${status}\r\n\r\n`);
        return;
      }
      const upstream = connect(Number(target?.['port']), target?.['host'] ?? '', () => {
        client.write('HTTP/1.1 200 OK\r\n\r\n');
        client.pipe(upstream).pipe(client);
      });
      upstream.on('error', () => client.destroy());
    });
  });
  const port = await listen(server);
  return { url: new URL(`http://user:s3cret-%40proxy@127.0.0.1:${port}`), requests, server };
}

test('connects through a proxy once for several fetches', async () => {
  const kms = await start();
  const proxy = await startProxy();
  const transport = open(kms, { proxy: proxy.url });

  const secrets = [await transport.fetch(request, noAbort()), await transport.fetch(request, noAbort())];

  expect(secrets.map((secret) => secret.text())).toEqual(['s3cret-1', 's3cret-1']);
  expect(proxy.requests).toHaveLength(1);
  expect(proxy.requests[0]).toContain(`CONNECT ${kms.endpoint(region).endpoint} `);
  expect(proxy.requests[0]).toContain(`proxy-authorization: Basic ${btoa('user:s3cret-@proxy')}`);
});

test('verifies the certificate of KMS through a proxy', async () => {
  const kms = await start();
  kms.fault({ kind: 'certificate', of: 'selfSigned' });
  const proxy = await startProxy();

  const failure = await failureOf(open(kms, { proxy: proxy.url }).fetch(request, noAbort()));

  expect(failure.failure).toBe('untrusted');
  expect(failure.message).toContain(kms.endpoint(region).endpoint);
  expect(kms.badCertificateRequests).toBe(0);
});

test.each(['407 Proxy Authentication Required', '503 Service Unavailable'])(
  'reports a proxy that responds with %s, without its password',
  async (status) => {
    const kms = await start();
    const proxy = await startProxy(status);

    const failure = await failureOf(open(kms, { proxy: proxy.url }).fetch(request, noAbort()));

    expect(failure.failure).toBe('unreachable');
    expect(failure.message).toContain(`The proxy ${proxy.url.host} refused`);
    expect(failure.message).toContain(status.slice(0, 3));
    expect(failure.message + String(failure.stack)).not.toMatch(/s3cret-|user:/u);
  },
);

test('times out a proxy that never responds and closes its connection', async () => {
  const kms = await start();
  const clock = new FakeClock({ date: kms.clock.date() });
  const proxy = await startProxy('silence');
  const fetching = failureOf(open(kms, { clock, proxy: proxy.url }).fetch(request, noAbort()));
  const [socket] = (await once(proxy.server, 'connection')) as [{ readonly closed: boolean }];

  await clock.pass('2s');
  const failure = await fetching;
  while (!socket.closed) await nextTick();

  expect(failure).toMatchObject({ failure: 'unreachable', code: 'ETIMEDOUT' });
  expect(failure.message).toContain(proxy.url.host);
});

test('reports a proxy that refuses connections as unreachable', async () => {
  const kms = await start();
  const proxy = new URL('http://127.0.0.1:1');

  const failure = await failureOf(open(kms, { proxy }).fetch(request, noAbort()));

  expect(failure).toMatchObject({ failure: 'unreachable', code: 'ECONNREFUSED' });
});
