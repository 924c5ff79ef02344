import { once } from 'node:events';
import { FakeClock } from '@kms-secrets/testing';
import { expect, test } from 'vitest';
import { failureOf, noAbort, open, region, request, start, startProxy } from './channel.fixture.ts';

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
  await expect.poll(() => socket.closed).toBe(true);

  expect(failure).toMatchObject({ failure: 'unreachable', code: 'ETIMEDOUT' });
  expect(failure.message).toContain(proxy.url.host);
});

test('reports a proxy that refuses connections as unreachable', async () => {
  const kms = await start();
  const proxy = new URL('http://127.0.0.1:1');

  const failure = await failureOf(open(kms, { proxy }).fetch(request, noAbort()));

  expect(failure).toMatchObject({ failure: 'unreachable', code: 'ECONNREFUSED' });
});

test('connects to a proxy by its IPv6 address', async () => {
  const kms = await start();
  const proxy = await startProxy('200 OK', '::1');

  const secret = await open(kms, { proxy: proxy.url }).fetch(request, noAbort());

  expect(secret.text()).toBe('s3cret-1');
});

test('encloses the IPv6 address of an endpoint in brackets', async () => {
  const kms = await start();
  const proxy = await startProxy('503 Service Unavailable');

  await failureOf(open(kms, { proxy: proxy.url, endpoint: { host: '[2001:db8::1]:8443' } }).fetch(request, noAbort()));

  expect(proxy.requests.join('')).toMatch(/^CONNECT \[2001:db8::1\]:8443 HTTP\/1\.1\r\n/u);
  expect(proxy.requests.join('')).toMatch(/\r\nhost: \[2001:db8::1\]:8443\r\n/iu);
});

test('accepts any 2xx status of a proxy', async () => {
  const kms = await start();
  const proxy = await startProxy('204 No Content');

  expect((await open(kms, { proxy: proxy.url }).fetch(request, noAbort())).text()).toBe('s3cret-1');
});

test.each([
  [['Negotiate', 'NTLM'], 'It only accepts NTLM or Negotiate authentication'],
  [['Digest realm="s3cret-realm, Basic"'], 'It only accepts Digest authentication'],
  [['NTLM', 'Basic realm="x"'], 'Check the user name and password in its URL'],
  [['s3cret-scheme'], 'Check the user name and password in its URL'],
])('names the authentication that a proxy requires: %j', async (schemes, words) => {
  const kms = await start();
  const headers = schemes.map((scheme) => `\r\nProxy-Authenticate: ${scheme}`);
  const proxy = await startProxy(`407 Proxy Authentication Required${headers.join('')}`);

  const failure = await failureOf(open(kms, { proxy: proxy.url }).fetch(request, noAbort()));

  expect(failure).toMatchObject({ failure: 'unreachable', code: 'PROXY_STATUS_407' });
  expect(failure.message).toContain(words);
  expect(failure.message).not.toContain('s3cret-');
});

test('keeps the Retry-After of a proxy', async () => {
  const kms = await start();
  const proxy = await startProxy('503 Service Unavailable\r\nRetry-After: 3');

  const failure = await failureOf(open(kms, { proxy: proxy.url }).fetch(request, noAbort()));

  expect(failure).toMatchObject({ code: 'PROXY_STATUS_503', retryAfter: 3_000 });
});
