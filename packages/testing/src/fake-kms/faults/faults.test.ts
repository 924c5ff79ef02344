import { Agent } from 'node:https';

import { expect, test } from 'vitest';

import { startFakeKms } from '../start-fake-kms.ts';
import type { FakeKms } from '../fake-kms.ts';
import type { FakeFault } from './fault.ts';
import { sendAcs3, sendRpc } from '../test-client.fixture.ts';
import type { TestResponse } from '../test-client.fixture.ts';

test('throttle sends x-acs-retry-after', async () => {
  await using kms = await start({ kind: 'throttle', retryAfter: 1500 });

  const { status, headers, text } = await readDb(kms);

  expect([status, headers['x-acs-retry-after']]).toEqual([429, '1500']);
  expect(JSON.parse(text)).toMatchObject({
    HttpStatus: 429,
    Code: 'Rejected.Throttling',
    Message: 'QPS Limit Exceeded',
  });
});

test('error sends the documented or a custom message', async () => {
  await using kms = await start({ kind: 'error', status: 503, code: 'ServiceUnavailableTemporary' });
  const documented = await readDb(kms);
  kms.heal();
  kms.fault({ kind: 'error', status: 418, code: 'Teapot', message: 'Short and stout.' });
  const custom = await sendRpc({ kms, parameters: { SecretName: 'db', Format: 'XML' } });

  expect([documented.status, JSON.parse(documented.text)]).toEqual([
    503,
    expect.objectContaining({ Message: 'Service Unavailable Temporary.' }),
  ]);
  expect(custom.status).toBe(418);
  expect(custom.text).toMatch(
    /^<\?xml version="1.0" encoding="UTF-8"\?><KMS>.*<Code>Teapot<\/Code><Message>Short and stout\.<\/Message>/,
  );
  expect(kms.requests.map(({ code }) => code)).toEqual(['ServiceUnavailableTemporary', 'Teapot']);
});

test.each([false, true])('reset sends an RST (plain HTTP: %s)', async (plainHttp) => {
  await using kms = await startFakeKms({ plainHttp });
  kms.put('db', 's3cret-db');
  const fault = kms.fault({ kind: 'reset' });

  // After a FIN, Node reports "socket hang up" without a failed system call.
  await expect(readDb(kms)).rejects.toMatchObject({ code: 'ECONNRESET', syscall: 'read' });
  expect([fault.hits, kms.requests[0]?.status]).toEqual([1, undefined]);
});

test('truncate ends the connection inside the body', async () => {
  await using kms = await start({ kind: 'truncate' });

  await expect(readDb(kms)).rejects.toThrow('aborted');
});

test('closeSocket closes the connection without a network error', async () => {
  await using kms = await startFakeKms({ plainHttp: true });
  kms.put('db', 's3cret-db');
  kms.fault({ kind: 'closeSocket' });

  await expect(readDb(kms)).rejects.toThrow('socket hang up');
});

test('hangMidBody sends the headers and half of the body', async () => {
  await using kms = await start({ kind: 'hangMidBody' });
  const controller = new AbortController();
  const pending = sendAcs3({ kms, parameters: { SecretName: 'db' }, signal: controller.signal });
  await expect.poll(() => kms.requests[0]?.status).toBeDefined();

  expect(kms.openRequests).toBe(1);
  controller.abort();
  await expect(pending).rejects.toThrow('aborted');
});

const jsonType = 'application/json;charset=utf-8';

test.each<[FakeFault, { status: number; type: string | undefined; text: RegExp }]>([
  [
    { kind: 'html', status: 502 },
    { status: 502, type: 'text/html', text: /^<html>/ },
  ],
  [
    { kind: 'empty', status: 413 },
    { status: 413, type: undefined, text: /^$/ },
  ],
  [
    { kind: 'firewall', status: 403 },
    { status: 403, type: jsonType, text: /^\{"Code":"AccessDenied","Message":"[a-z ]+"\}$/ },
  ],
  [{ kind: 'malformed' }, { status: 200, type: jsonType, text: /^this is not JSON$/ }],
  [{ kind: 'wrongShape' }, { status: 200, type: jsonType, text: /^\{"RequestId":"[-0]+"\}$/ }],
  [{ kind: 'otherSecret' }, { status: 200, type: jsonType, text: /"SecretName":"other-secret"/ }],
])('%j sends its response', async (fault, { status, type, text }) => {
  await using kms = await start(fault);

  const response = await readDb(kms);

  expect([response.status, response.headers['content-type']]).toEqual([status, type]);
  expect(text.test(response.text)).toBe(true);
});

test('oversized sends valid JSON of the given size', async () => {
  await using kms = await start({ kind: 'oversized', bytes: 1_200_000 });

  const { text } = await readDb(kms);

  expect(text.length).toBe(1_200_000);
  expect(Object.keys(JSON.parse(text) as object)).toContain('SecretData');
});

test('redirect sends 302 and the location', async () => {
  await using kms = await start({ kind: 'redirect', location: 'http://127.0.0.1:1/' });

  const { status, headers } = await readDb(kms);

  expect([status, headers.location]).toEqual([302, 'http://127.0.0.1:1/']);
});

test.each<[FakeFault]>([[{ kind: 'slow', ms: 1 }], [{ kind: 'chunked' }], [{ kind: 'connectionClose' }]])(
  '%j sends the complete response',
  async (fault) => {
    await using kms = await start(fault);

    const { status, text } = await readDb(kms);

    expect([status, text.includes('s3cret-数据')]).toEqual([200, true]);
  },
);

test('drip sends the complete response eventually', async () => {
  await using kms = await start({ kind: 'drip', ms: 0 });

  // An error response, because it is short.
  const { status, text } = await sendAcs3({ kms, parameters: { SecretName: 'unknown' } });

  expect([status, JSON.parse(text)]).toEqual([404, expect.objectContaining({ Code: 'Forbidden.ResourceNotFound' })]);
});

test('drip sends the headers first', async () => {
  await using kms = await start({ kind: 'drip', ms: 2_000_000 });
  const controller = new AbortController();
  const pending = sendAcs3({ kms, parameters: { SecretName: 'db' }, signal: controller.signal });
  await expect.poll(() => kms.requests[0]?.status).toBeDefined();

  expect(kms.openRequests).toBe(1);
  controller.abort();
  await expect(pending).rejects.toThrow('aborted');
});

test('slow delays the response', async () => {
  await using kms = await start({ kind: 'slow', ms: 30 });
  const startedAt = performance.now();

  await readDb(kms);

  expect(performance.now() - startedAt).toBeGreaterThan(28);
});

test('only chunked omits content-length', async () => {
  await using kms = await start({ kind: 'chunked' });
  const chunked = await readDb(kms);
  kms.heal();
  const complete = await readDb(kms);

  expect([chunked.headers['transfer-encoding'], chunked.headers['content-length']]).toEqual(['chunked', undefined]);
  expect(complete.headers['content-length']).toBe(String(Buffer.byteLength(complete.text)));
});

test('keeps connections alive, except after connectionClose', async () => {
  await using kms = await start();
  const agent = new Agent({ keepAlive: true, maxSockets: 1, ca: kms.caPem });
  const sendOver = (): Promise<TestResponse> => sendAcs3({ kms, parameters: { SecretName: 'db' }, agent });

  await sendOver();
  await sendOver();
  kms.fault({ kind: 'connectionClose' }, { times: 1 });
  const last = await sendOver();
  await sendOver();
  agent.destroy();

  expect(last.headers.connection).toBe('close');
  expect(kms.requests.map(({ connectionId }) => connectionId)).toEqual([1, 1, 1, 2]);
  expect(kms.handshakes).toBe(2);
});

test('fault() rejects an unknown kind at once and lists the known kinds', async () => {
  await using kms = await start();
  const unknown = { kind: 'unavailable' } as unknown as FakeFault;

  expect(() => kms.fault(unknown)).toThrow(TypeError);
  expect(() => kms.fault(unknown)).toThrow(/kind must be one of throttle, error, hang, .*, certificate\./);
  expect(() => kms.sts.fault(unknown)).toThrow('kind must be one of throttle, error, hang,');
  expect((await readDb(kms)).status).toBe(200);
});

async function start(fault?: FakeFault): Promise<FakeKms> {
  const kms = await startFakeKms();
  kms.put('db', 's3cret-数据');
  if (fault !== undefined) kms.fault(fault);
  return kms;
}

function readDb(kms: FakeKms): Promise<TestResponse> {
  return sendAcs3({ kms, parameters: { SecretName: 'db' } });
}
