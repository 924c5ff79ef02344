import tls from 'node:tls';
import { FakeClock } from '@kms-secrets/testing';
import type { FakeKms } from '@kms-secrets/testing';
import { expect, onTestFinished, test, vi } from 'vitest';
import { ConnectionAgent } from '../../network/connection-agent.ts';
import { startLoopback } from '../loopback.fixture.ts';
import { failureOf, noAbort, open, request, requestReceived, start } from './channel.fixture.ts';

/** The connection of each request so far. */
function connections(kms: FakeKms): readonly number[] {
  return kms.requests.map(({ connectionId }) => connectionId);
}

test('does not reuse a connection that is older than five minutes', async () => {
  const kms = await start();
  const clock = new FakeClock({ date: kms.clock.date() });
  const transport = open(kms, { clock });
  for (const pause of ['0s', '4m', '61s', '1m'] as const) {
    await clock.pass(pause);
    await transport.fetch(request, noAbort());
  }

  expect(connections(kms)).toEqual([1, 1, 2, 2]);
});

test('does not reuse a connection that became too old during its response', async () => {
  const kms = await start();
  const clock = new FakeClock({ date: kms.clock.date() });
  const transport = open(kms, { clock });
  kms.fault({ kind: 'slow', ms: 50 }, { times: 1 });
  const fetching = transport.fetch(request, noAbort());
  await requestReceived(kms);
  clock.freeze('6m'); // at once: the response must not arrive before
  await fetching;

  await transport.fetch(request, noAbort());

  expect(connections(kms)).toEqual([1, 2]);
});

test.each([502, 503, 504])('opens a new connection after a gateway responds with %i', async (status) => {
  const kms = await start();
  const transport = open(kms);
  await transport.fetch(request, noAbort());
  kms.fault({ kind: 'empty', status }, { times: 1 });
  const failure = await failureOf(transport.fetch(request, noAbort()));

  await transport.fetch(request, noAbort());

  expect(failure).toMatchObject({ failure: 'unavailable', status });
  expect(failure.message).toContain('A gateway or load balancer');
  expect(connections(kms)).toEqual([1, 1, 2]);
});

test('does not reuse a connection that was in use while a gateway responded with 503', async () => {
  const kms = await start();
  const transport = open(kms);
  kms.fault({ kind: 'slow', ms: 250 }, { times: 1 });
  const fetching = transport.fetch(request, noAbort());
  await requestReceived(kms);
  kms.fault({ kind: 'empty', status: 503 }, { times: 1 });
  await failureOf(transport.fetch(request, noAbort()));
  await fetching;

  await transport.fetch(request, noAbort());

  expect(connections(kms)).toEqual([1, 2, 3]);
});

test('renews the connections at most every five seconds', async () => {
  const kms = await start();
  const clock = new FakeClock({ date: kms.clock.date() });
  const transport = open(kms, { clock });
  kms.fault({ kind: 'html', status: 503 });
  for (const pause of ['0s', '1s', '1s', '5s', '1s'] as const) {
    await clock.pass(pause);
    await failureOf(transport.fetch(request, noAbort()));
  }

  expect(connections(kms)).toEqual([1, 2, 2, 2, 3]);
});

test('keeps the connection after an error of KMS itself', async () => {
  const kms = await start();
  const transport = open(kms);
  kms.fault({ kind: 'error', status: 503, code: 'ServiceUnavailableTemporary' }, { times: 1 });
  await failureOf(transport.fetch(request, noAbort()));

  await transport.fetch(request, noAbort());

  expect(connections(kms)).toEqual([1, 1]);
});

test.each([408, 421])('repeats a request on a new connection if a reused one responds with %i', async (status) => {
  const kms = await start();
  const transport = open(kms);
  await transport.fetch(request, noAbort());
  kms.fault({ kind: 'empty', status }, { times: 1 });

  const secret = await transport.fetch(request, noAbort());

  expect(secret.text()).toBe('s3cret-1');
  expect(connections(kms)).toEqual([1, 1, 2]);
});

test('does not repeat a request if a new connection responds with 408', async () => {
  const kms = await start();
  kms.fault({ kind: 'empty', status: 408 });

  const failure = await failureOf(open(kms).fetch(request, noAbort()));

  expect(failure).toMatchObject({ failure: 'unavailable', status: 408 });
  expect(connections(kms)).toEqual([1]);
});

/** Opens two connections, then cancels a request on one of them after `ms` without a response. */
async function cancelOnReusedConnection(ms: number): Promise<FakeKms> {
  const kms = await start();
  const clock = new FakeClock({ date: kms.clock.date() });
  const transport = open(kms, { clock });
  kms.fault({ kind: 'slow', ms: 20 }, { times: 2 });
  await Promise.all([transport.fetch(request, noAbort()), transport.fetch(request, noAbort())]);
  const hanging = kms.fault({ kind: 'hang' });
  const controller = new AbortController();
  const fetching = failureOf(transport.fetch(request, controller.signal));
  await requestReceived(kms);
  await clock.pass(ms);
  controller.abort('no response');
  await fetching;
  hanging.heal();
  await expect.poll(() => kms.openRequests).toBe(0);
  await transport.fetch(request, noAbort());
  return kms;
}

test('drops the idle connections after a reused one gave no response', async () => {
  expect((await cancelOnReusedConnection(4_000)).handshakes).toBe(3);
});

test('keeps the idle connections if a request is cancelled early, as a lost hedge is', async () => {
  expect((await cancelOnReusedConnection(100)).handshakes).toBe(2);
});

test('does not lower the minimum TLS version of the process', async () => {
  const { DEFAULT_MIN_VERSION } = tls;
  onTestFinished(() => {
    tls.DEFAULT_MIN_VERSION = DEFAULT_MIN_VERSION;
  });
  const kms = await start();
  await using old = await startLoopback(() => ({ status: 500 }), { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' });
  tls.DEFAULT_MIN_VERSION = 'TLSv1.3';

  const failure = await failureOf(open(kms, { endpoint: { host: old.host }, ca: old.ca }).fetch(request, noAbort()));

  expect(failure.failure).toBe('unreachable');
  expect(old.requests).toEqual([]);
});

test.each(['TLSv1', 'TLSv1.2'] as const)('requires TLS 1.2 where the minimum of the process is %s', (minimum) => {
  const { DEFAULT_MIN_VERSION } = tls;
  onTestFinished(() => {
    tls.DEFAULT_MIN_VERSION = DEFAULT_MIN_VERSION;
  });
  tls.DEFAULT_MIN_VERSION = minimum;
  const contexts = vi.spyOn(tls, 'createSecureContext');
  onTestFinished(() => contexts.mockRestore());

  const { connectionOptions } = new ConnectionAgent({ clock: new FakeClock(), connectTimeout: 2_000 });

  expect(connectionOptions.minVersion).toBe('TLSv1.2');
  expect(contexts.mock.calls).toMatchObject([[{ minVersion: 'TLSv1.2' }]]);
});

test('verifies certificates under NODE_TLS_REJECT_UNAUTHORIZED=0', async () => {
  acceptAnyCertificate();
  const kms = await start();
  kms.fault({ kind: 'certificate', of: 'selfSigned' });

  const failure = await failureOf(open(kms).fetch(request, noAbort()));

  expect(failure.failure).toBe('untrusted');
  expect(kms.badCertificateRequests).toBe(0);
});

test('verifies the certificate of an HTTPS proxy, even if that of the endpoint is not verified', async () => {
  acceptAnyCertificate();
  const kms = await start();
  await using proxy = await startLoopback(() => ({ status: 500 }));
  const url = new URL(`https://user:s3cret-proxy@${proxy.host}`);

  const failure = await failureOf(open(kms, { proxy: url, verifyCertificate: false }).fetch(request, noAbort()));

  expect(failure.failure).toBe('untrusted');
  expect(proxy.requests).toEqual([]);
});

/** As some users set it for another client of the process. */
function acceptAnyCertificate(): void {
  process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
  onTestFinished(() => {
    delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
  });
}

test('gives each address of a host half of the connect timeout', () => {
  const { connectionOptions } = new ConnectionAgent({ clock: new FakeClock(), connectTimeout: 2_000 });

  expect(connectionOptions.autoSelectFamilyAttemptTimeout).toBe(1_000);
});
