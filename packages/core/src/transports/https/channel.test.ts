import { once } from 'node:events';
import type { AddressInfo, Server } from 'node:net';
import { connect, createServer } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { FakeClock, startFakeKms } from '@kms-secrets/testing';
import type { FakeKms } from '@kms-secrets/testing';
import { expect, onTestFinished, test } from 'vitest';
import type { CredentialsProvider } from '../../ports/credentials.ts';
import type { FetchFailure } from '../../ports/transport.ts';
import type { OpenApiOptions } from '../openapi/openapi-transport.ts';
import { OpenApiTransport } from '../openapi/openapi-transport.ts';

const region = 'cn-hangzhou';

type CredentialsParts = OpenApiOptions & { readonly credentials: CredentialsProvider };
const request = { name: 'prod/db' };

async function start(): Promise<FakeKms> {
  const kms = await startFakeKms();
  kms.put('prod/db', 's3cret-1');
  onTestFinished(() => kms.close());
  return kms;
}

function open(kms: FakeKms, parts: Partial<CredentialsParts> = {}): OpenApiTransport {
  const transport = new OpenApiTransport({
    endpoint: { host: kms.endpoint(region).endpoint },
    ca: kms.caPem,
    credentials: { getCredential: () => Promise.resolve({ ...kms.accessKey }) },
    clock: new FakeClock({ date: kms.clock.date() }),
    connectTimeout: 2_000,
    maxResponseBytes: 1_048_576,
    ...parts,
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

async function failureOf(reading: Promise<unknown>): Promise<FetchFailure> {
  return reading.then(
    () => {
      throw new Error('was not refused');
    },
    (error: FetchFailure) => error,
  );
}

const never = (): AbortSignal => new AbortController().signal;

/** Waits until the fake has a request that it leaves without an answer. */
async function untilAsked(kms: FakeKms): Promise<void> {
  while (kms.openRequests === 0) await turn();
}

test.each(['hang', 'hangMidBody'] as const)(
  'a fetch that meets a %s ends as soon as its signal fires',
  async (kind) => {
    const kms = await start();
    kms.fault({ kind });
    const controller = new AbortController();
    const reason = new Error('enough');
    const reading = open(kms).fetch(request, controller.signal);
    await untilAsked(kms);

    controller.abort(reason);

    await expect(reading).rejects.toBe(reason);
  },
);

test('a signal that has fired already lets nothing be asked', async () => {
  const kms = await start();

  await expect(open(kms).fetch(request, AbortSignal.abort('enough'))).rejects.toBe('enough');

  expect(kms.requests).toEqual([]);
});

test('a provider of credentials that hangs does not hold up the signal', async () => {
  const kms = await start();
  const controller = new AbortController();
  const credentials = { getCredential: () => new Promise<never>(() => {}) };
  const reading = open(kms, { credentials }).fetch(request, controller.signal);

  controller.abort('enough');

  await expect(reading).rejects.toBe('enough');
});

test('a fetch that has ended leaves no timer and no listener', async () => {
  const kms = await start();
  const clock = new FakeClock({ date: kms.clock.date() });
  const controller = new AbortController();

  await open(kms, { clock }).fetch(request, controller.signal);

  expect(clock.pendingTimers).toBe(0);
});

test('a server that takes the connection and says nothing is given up in time', async () => {
  const kms = await start();
  const clock = new FakeClock({ date: kms.clock.date() });
  const silent = createServer();
  const host = `127.0.0.1:${await listen(silent)}`;
  const reading = failureOf(open(kms, { clock, endpoint: { host } }).fetch(request, never()));
  await once(silent, 'connection');

  await clock.pass('2s');

  expect(await reading).toMatchObject({ failure: 'unreachable', code: 'ETIMEDOUT' });
});

test('the time for connecting does not run while KMS thinks', async () => {
  const kms = await start();
  kms.fault({ kind: 'hang' });
  const clock = new FakeClock({ date: kms.clock.date() });
  const controller = new AbortController();
  const reading = open(kms, { clock }).fetch(request, controller.signal);
  await untilAsked(kms);

  await clock.pass('1m');
  controller.abort('enough');

  await expect(reading).rejects.toBe('enough');
});

test('what does not speak TLS is unreachable', async () => {
  const kms = await start();
  const plain = createServer((socket) => socket.end('HTTP/1.1 200 OK\r\n\r\n'));

  const host = `127.0.0.1:${await listen(plain)}`;

  expect(await failureOf(open(kms, { endpoint: { host } }).fetch(request, never()))).toMatchObject({
    failure: 'unreachable',
  });
});

test('a kept connection that the server has closed is made anew, with another nonce, and costs nobody a failure', async () => {
  const kms = await start();
  const nonces: string[] = [];
  const nonce = (): string => {
    nonces.push(`nonce-${nonces.length}`);
    return nonces.at(-1) ?? '';
  };
  const transport = open(kms, { nonce });
  await transport.fetch(request, never());
  kms.fault({ kind: 'reset' }, { times: 1 });

  const secret = await transport.fetch(request, never());

  expect(secret.text()).toBe('s3cret-1');
  expect(nonces).toEqual(['nonce-0', 'nonce-1', 'nonce-2']);
  expect(kms.handshakes).toBe(2);
});

test('a new connection that is reset is a failure: it is tried once', async () => {
  const kms = await start();
  const transport = open(kms);
  await transport.fetch(request, never());
  kms.fault({ kind: 'reset' });

  const failure = await failureOf(transport.fetch(request, never()));

  expect(failure).toMatchObject({ failure: 'unreachable', code: 'ECONNRESET' });
  expect(kms.requests).toHaveLength(3);
});

test('closing ends what is under way, and what comes after is refused', async () => {
  const kms = await start();
  kms.fault({ kind: 'hang' });
  const transport = open(kms);
  const reading = failureOf(transport.fetch(request, never()));
  await untilAsked(kms);

  transport.close();

  expect(await reading).toMatchObject({ failure: 'rejected' });
  expect((await failureOf(transport.fetch(request, never()))).message).toContain('closed');
  expect(kms.requests).toHaveLength(1);
});

/** A proxy for CONNECT that tells what it was asked, and answers with `status`. */
async function startProxy(
  status = '200 OK',
): Promise<{ readonly url: URL; readonly asked: string[]; readonly server: Server }> {
  const asked: string[] = [];
  const server = createServer((client) => {
    client.on('error', () => {});
    client.once('data', (head) => {
      asked.push(head.toString('latin1'));
      const target = /^CONNECT (?<host>[^:]+):(?<port>\d+) /u.exec(head.toString('latin1'))?.groups;
      if (status === 'silence') return;
      if (status !== '200 OK') {
        client.end(`HTTP/1.1 ${status}\r\n\r\n`);
        return;
      }
      const onward = connect(Number(target?.['port']), target?.['host'] ?? '', () => {
        client.write('HTTP/1.1 200 OK\r\n\r\n');
        client.pipe(onward).pipe(client);
      });
      onward.on('error', () => client.destroy());
    });
  });
  const port = await listen(server);
  return { url: new URL(`http://user:s3cret-%40proxy@127.0.0.1:${port}`), asked, server };
}

test('a proxy is asked to connect, once for several reads, and KMS is checked through it', async () => {
  const kms = await start();
  const proxy = await startProxy();
  const transport = open(kms, { proxy: proxy.url });

  const secrets = [await transport.fetch(request, never()), await transport.fetch(request, never())];

  expect(secrets.map((secret) => secret.text())).toEqual(['s3cret-1', 's3cret-1']);
  expect(proxy.asked).toHaveLength(1);
  expect(proxy.asked[0]).toContain(`CONNECT ${kms.endpoint(region).endpoint} `);
  expect(proxy.asked[0]).toContain(`proxy-authorization: Basic ${btoa('user:s3cret-@proxy')}`);
});

test('a certificate is no more trusted through a proxy than without one', async () => {
  const kms = await start();
  kms.fault({ kind: 'certificate', of: 'selfSigned' });
  const proxy = await startProxy();

  const failure = await failureOf(open(kms, { proxy: proxy.url }).fetch(request, never()));

  expect(failure.failure).toBe('untrusted');
  expect(failure.message).toContain(kms.endpoint(region).endpoint);
  expect(kms.badCertificateRequests).toBe(0);
});

test.each(['407 Proxy Authentication Required', '503 Service Unavailable'])(
  'a proxy that answers with %s makes KMS unreachable, and its password does not show',
  async (status) => {
    const kms = await start();
    const proxy = await startProxy(status);

    const failure = await failureOf(open(kms, { proxy: proxy.url }).fetch(request, never()));

    expect(failure.failure).toBe('unreachable');
    expect(failure.message).toContain(`The proxy ${proxy.url.host} refused`);
    expect(failure.message).toContain(status.slice(0, 3));
    expect(failure.message + String(failure.stack)).not.toMatch(/s3cret-|user:/u);
  },
);

test('a proxy that never answers is given up in time, and its connection with it', async () => {
  const kms = await start();
  const clock = new FakeClock({ date: kms.clock.date() });
  const proxy = await startProxy('silence');
  const reading = failureOf(open(kms, { clock, proxy: proxy.url }).fetch(request, never()));
  const [socket] = (await once(proxy.server, 'connection')) as [{ readonly closed: boolean }];

  await clock.pass('2s');
  const failure = await reading;
  while (!socket.closed) await turn();

  expect(failure).toMatchObject({ failure: 'unreachable', code: 'ETIMEDOUT' });
  expect(failure.message).toContain(proxy.url.host);
});

test('a proxy that nobody runs makes KMS unreachable', async () => {
  const kms = await start();
  const proxy = new URL('http://127.0.0.1:1');

  const failure = await failureOf(open(kms, { proxy }).fetch(request, never()));

  expect(failure).toMatchObject({ failure: 'unreachable', code: 'ECONNREFUSED' });
});
