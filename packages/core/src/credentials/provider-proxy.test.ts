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

/** A provider as the library has them, which answers by itself what goes straight. */
function providerAsking(proxyTo: ProxyResolver | undefined, clock: FakeClock = new FakeClock()): Provider {
  const provider: Provider = { doRequest: () => Promise.resolve('straight') };
  routeThroughProxy(provider, { proxyTo, clock });
  return provider;
}

const to = (url: string): object => ({ method: 'POST', headers: {}, toRequestURL: () => url });

async function startProxy(): Promise<{ readonly url: URL; readonly sockets: Socket[] }> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => sockets.push(socket.resume())).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo; // a text only for a pipe
  return { url: new URL(`http://127.0.0.1:${port}`), sockets };
}

test.each<[string, ProxyResolver | undefined, string]>([
  ['where there is none', undefined, 'https://sts.test/'],
  ['to a host that it does not lead to', () => undefined, 'https://sts.test/'],
  ['to the metadata service', () => new URL('http://127.0.0.1:1'), 'http://100.100.100.200/latest/api/token'],
])('no proxy is asked %s', async (_, proxyTo, url) => {
  expect(await providerAsking(proxyTo).doRequest(to(url))).toBe('straight');
});

test('a provider without the seam is left as it is', () => {
  const provider = { getCredentials: (): string => 'own' };

  routeThroughProxy(provider, { proxyTo: () => new URL('http://127.0.0.1:1'), clock: new FakeClock() });

  expect(Object.keys(provider)).toEqual(['getCredentials']);
});

test('a proxy that never answers is given up in time, and its connection with it', async () => {
  const { url, sockets } = await startProxy();
  const clock = new FakeClock();
  const request = { ...to('https://sts.test/'), connectTimeout: 2_000, readTimeout: 5_000 };
  const asking = providerAsking(() => url, clock).doRequest(request);
  const outcome = asking.catch((error: Error & { code?: string }) => error.code);
  while (sockets.length === 0) await new Promise((resolve) => setImmediate(resolve));
  const closed = once(sockets[0] ?? process, 'close');

  await clock.pass('7s');

  expect(await outcome).toBe('ETIMEDOUT');
  await closed;
  expect(clock.pending).toBe(0);
});

test('a proxy that nobody runs is told by its code', async () => {
  const asking = providerAsking(() => new URL('http://127.0.0.1:1')).doRequest(to('https://sts.test/'));

  await expect(asking).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});
