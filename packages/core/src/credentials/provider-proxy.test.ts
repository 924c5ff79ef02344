import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { FakeClock } from '@kms-secrets/testing';
import { expect, onTestFinished, test } from 'vitest';
import type { ProxyResolver } from './provider-proxy.ts';
import { routeThroughProxy } from './provider-proxy.ts';

interface Provider {
  doRequest(request: object): Promise<unknown>;
}

/** A provider like those of the library; a request without a proxy resolves with `direct`. */
function providerWith(resolveProxy: ProxyResolver | undefined, clock: FakeClock = new FakeClock()): Provider {
  const provider: Provider = { doRequest: () => Promise.resolve('direct') };
  routeThroughProxy(provider, { resolveProxy, clock });
  return provider;
}

const requestTo = (url: string): object => ({ method: 'POST', headers: {}, toRequestURL: () => url });

async function startProxy(): Promise<{ readonly url: URL; readonly sockets: Socket[] }> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => sockets.push(socket.resume())).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo; // a string for a pipe only
  return { url: new URL(`http://127.0.0.1:${port}`), sockets };
}

test.each<[string, ProxyResolver | undefined, string]>([
  ['without a resolver', undefined, 'https://sts.test/'],
  ['if the resolver returns none', () => undefined, 'https://sts.test/'],
  ['for plain HTTP', () => new URL('http://127.0.0.1:1'), 'http://100.100.100.200/latest/api/token'],
])('connects directly %s', async (_, resolveProxy, url) => {
  expect(await providerWith(resolveProxy).doRequest(requestTo(url))).toBe('direct');
});

test('does not change a provider without doRequest', () => {
  const provider = { getCredentials: (): string => 'own' };

  routeThroughProxy(provider, { resolveProxy: () => new URL('http://127.0.0.1:1'), clock: new FakeClock() });

  expect(Object.keys(provider)).toEqual(['getCredentials']);
});

test('times out a proxy that never responds and closes its connection', async () => {
  const { url, sockets } = await startProxy();
  const clock = new FakeClock();
  const request = { ...requestTo('https://sts.test/'), connectTimeout: 2_000, readTimeout: 5_000 };
  const response = providerWith(() => url, clock).doRequest(request);
  const outcome = response.catch((error: Error & { code?: string }) => error.code);
  while (sockets.length === 0) await new Promise((resolve) => setImmediate(resolve));
  const closed = once(sockets[0] ?? process, 'close');

  await clock.pass('7s');

  expect(await outcome).toBe('ETIMEDOUT');
  await closed;
  expect(clock.pendingTimers).toBe(0);
});

test('reports the code of a proxy that refuses connections', async () => {
  const response = providerWith(() => new URL('http://127.0.0.1:1')).doRequest(requestTo('https://sts.test/'));

  await expect(response).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});
