import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import https from 'node:https';
import { syncBuiltinESMExports } from 'node:module';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { FakeClock } from '@kms-secrets/testing';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { LibraryResponse } from './library-http.ts';
import type { ProxyResolver } from './provider-https.ts';
import { sendOverOwnChannel } from './provider-https.ts';

interface Provider {
  doRequest(request: object): Promise<unknown>;
}

/** A provider like those of the library; a request that the library sends resolves with `by the library`. */
function providerWith(resolveProxy: ProxyResolver | undefined, clock: FakeClock = new FakeClock()): Provider {
  const provider: Provider = { doRequest: () => Promise.resolve('by the library') };
  sendOverOwnChannel(provider, { resolveProxy, clock });
  return provider;
}

const requestTo = (url: string): object => ({ method: 'POST', headers: {}, toRequestURL: () => url });

/** Records the path of each request, as a tracing agent does. */
function recordPaths(): readonly unknown[] {
  const paths: unknown[] = [];
  const { request } = https;
  const recorded = (options: https.RequestOptions): ReturnType<typeof request> => {
    paths.push(options.path);
    return request(options);
  };
  https.request = recorded as typeof request; // called in this form only
  syncBuiltinESMExports();
  onTestFinished(() => {
    https.request = request;
    syncBuiltinESMExports();
  });
  return paths;
}

async function startProxy(): Promise<{ readonly url: URL; readonly sockets: Socket[] }> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => sockets.push(socket.resume())).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo; // a string for a pipe only
  return { url: new URL(`http://127.0.0.1:${port}`), sockets };
}

/** A server over plain HTTP, as the metadata service is one. */
async function startPlain(respond: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server = createHttpServer(respond).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo; // a string for a pipe only
  return `http://127.0.0.1:${port}`;
}

test('sends requests over plain HTTP itself, without the proxy', async () => {
  const origin = await startPlain(({ method, url, headers }, response) => {
    response
      .writeHead(201, { 'x-answer': 'yes' })
      .end(`${method} ${url} ${String(headers['x-token'])} ${headers.host}`);
  });
  const provider = providerWith(() => new URL('http://127.0.0.1:1'));
  const request = {
    method: 'PUT',
    headers: { 'x-token': 'ours' },
    toRequestURL: () => `${origin}/latest/api/token?a=1`,
  };

  const { statusCode, headers, body } = (await provider.doRequest(request)) as LibraryResponse;

  expect([statusCode, headers['x-answer'], body.toString()]).toEqual([
    201,
    'yes',
    `PUT /latest/api/token?a=1 ours ${new URL(origin).host}`,
  ]);
});

test('times out a plain server that never responds, and limits its response', async () => {
  const clock = new FakeClock();
  let requests = 0;
  const hanging = await startPlain(() => (requests += 1));
  const endless = await startPlain((_, response) => response.end(Buffer.alloc(70_000)));
  const outcome = providerWith(undefined, clock)
    .doRequest(requestTo(hanging))
    .catch((error: Error & { code?: string }) => error.code);
  await expect.poll(() => requests).toBe(1);
  await clock.pass('15s');

  expect(await outcome).toBe('ETIMEDOUT');
  await expect(providerWith(undefined, clock).doRequest(requestTo(endless))).rejects.toThrow('too large');
  await expect(providerWith(undefined, clock).doRequest(requestTo('http://127.0.0.1:1/'))).rejects.toMatchObject({
    code: 'ECONNREFUSED',
  });
  expect(clock.pendingTimers).toBe(0);
});

test('sends the parameters of a signed request in the body, not in the URL', async () => {
  const paths = recordPaths();
  const signed =
    'https://127.0.0.1:1/?Action=AssumeRole&AccessKeyId=FakeId&SecurityToken=s3cret-token&Signature=s3cret';
  const unsigned = 'https://127.0.0.1:1/?Action=AssumeRoleWithOIDC';

  for (const url of [signed, unsigned]) {
    await expect(providerWith(undefined).doRequest(requestTo(url))).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  }

  expect(paths).toEqual(['/', '/?Action=AssumeRoleWithOIDC']);
});

test.each<[string, ProxyResolver | undefined]>([
  ['without a resolver', undefined],
  ['if the resolver returns none', () => undefined],
])('connects directly %s', async (_, resolveProxy) => {
  const response = providerWith(resolveProxy).doRequest(requestTo('https://127.0.0.1:1/'));

  await expect(response).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});

test('does not change a provider without doRequest', () => {
  const provider = { getCredentials: (): string => 'own' };

  sendOverOwnChannel(provider, { resolveProxy: () => new URL('http://127.0.0.1:1'), clock: new FakeClock() });

  expect(Object.keys(provider)).toEqual(['getCredentials']);
});

test('times out a proxy that never responds and closes its connection', async () => {
  const { url, sockets } = await startProxy();
  const clock = new FakeClock();
  const request = { ...requestTo('https://sts.test/'), connectTimeout: 2_000, readTimeout: 5_000 };
  const response = providerWith(() => url, clock).doRequest(request);
  const outcome = response.catch((error: Error & { code?: string }) => error.code);
  await expect.poll(() => sockets.length).toBe(1);
  const closed = once(sockets[0] ?? process, 'close');

  await clock.pass('7s');

  expect(await outcome).toBe('ETIMEDOUT');
  await closed;
  expect(clock.pendingTimers).toBe(0);
});

test('reports the code of a proxy that refuses connections, and leaves no agent and no timer', async () => {
  const clock = new FakeClock();
  const destroyed = vi.spyOn(https.Agent.prototype, 'destroy');
  onTestFinished(() => destroyed.mockRestore());
  const response = providerWith(() => new URL('http://127.0.0.1:1'), clock).doRequest(requestTo('https://sts.test/'));

  await expect(response).rejects.toMatchObject({ code: 'ECONNREFUSED' });

  expect(clock.pendingTimers).toBe(0);
  expect(destroyed).toHaveBeenCalledTimes(1);
});
