import { once } from 'node:events';
import https from 'node:https';
import { syncBuiltinESMExports } from 'node:module';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { FakeClock } from '@kms-secrets/testing';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { ProxyResolver } from './provider-https.ts';
import { sendOverOwnHttps } from './provider-https.ts';

interface Provider {
  doRequest(request: object): Promise<unknown>;
}

/** A provider like those of the library; a request that the library sends resolves with `by the library`. */
function providerWith(resolveProxy: ProxyResolver | undefined, clock: FakeClock = new FakeClock()): Provider {
  const provider: Provider = { doRequest: () => Promise.resolve('by the library') };
  sendOverOwnHttps(provider, { resolveProxy, clock });
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

test('leaves requests over plain HTTP to the library', async () => {
  const provider = providerWith(() => new URL('http://127.0.0.1:1'));

  const response = await provider.doRequest(requestTo('http://100.100.100.200/latest/api/token'));

  expect(response).toBe('by the library');
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

  sendOverOwnHttps(provider, { resolveProxy: () => new URL('http://127.0.0.1:1'), clock: new FakeClock() });

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
