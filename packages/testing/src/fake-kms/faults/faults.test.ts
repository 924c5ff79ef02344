import { Agent } from 'node:https';
import { setImmediate } from 'node:timers/promises';

import { expect, test } from 'vitest';

import { startFakeKms } from '../fake-kms.ts';
import type { FakeKms } from '../fake-kms.ts';
import { FaultBoard } from './fault-registry.ts';
import type { FakeFault } from './fault-registry.ts';
import { askAcs3, askRpc } from '../test-client.fixture.ts';
import type { TrialAnswer } from '../test-client.fixture.ts';

test('a fault strikes until it is healed, and counts how often', () => {
  const board = new FaultBoard();
  const handle = board.plant({ kind: 'reset' });

  const struck = [board.strikeRequest({ region: 'a' }, 'db'), board.strikeRequest({ region: 'b' }, undefined)];
  handle.heal();

  expect(struck).toEqual([{ kind: 'reset' }, { kind: 'reset' }]);
  expect(handle.hits).toBe(2);
  expect(board.strikeRequest({ region: 'a' }, 'db')).toBeUndefined();
});

test('a script is read from its top: the fault planted first strikes, as often as it may', () => {
  const board = new FaultBoard();
  board.plant({ kind: 'throttle' }, { times: 2 });
  board.plant({ kind: 'malformed' }, { times: 1 });

  const kinds = [1, 2, 3, 4].map(() => board.strikeRequest({ region: 'a' }, 'db')?.kind);

  expect(kinds).toEqual(['throttle', 'throttle', 'malformed', undefined]);
});

test('a fault keeps to its region and its secret, an ARN included', () => {
  const board = new FaultBoard();
  board.plant({ kind: 'hang' }, { region: 'cn-hangzhou', secretName: 'prod/db' });
  const strike = (region: string, name: string | undefined): boolean =>
    board.strikeRequest({ region }, name) !== undefined;

  expect(strike('cn-shanghai', 'prod/db')).toBe(false);
  expect(strike('cn-hangzhou', 'db')).toBe(false);
  expect(strike('cn-hangzhou', undefined)).toBe(false);
  expect(strike('cn-hangzhou', 'prod/db')).toBe(true);
  expect(strike('cn-hangzhou', 'acs:kms:cn-hangzhou:1:secret/prod/db')).toBe(true);
});

test('healing a region leaves the faults of others, healing all leaves none', () => {
  const board = new FaultBoard();
  board.plant({ kind: 'hang' }, { region: 'cn-hangzhou' });
  board.plant({ kind: 'reset' }, { region: 'cn-shanghai' });
  board.plant({ kind: 'malformed' });

  board.heal('cn-hangzhou');
  expect(board.strikeRequest({ region: 'cn-hangzhou' }, 'db')?.kind).toBe('malformed');
  expect(board.strikeRequest({ region: 'cn-shanghai' }, 'db')?.kind).toBe('reset');
  board.heal();
  expect(board.strikeRequest({ region: 'cn-shanghai' }, 'db')).toBeUndefined();
});

test('a certificate is for connections, everything else for requests', () => {
  const board = new FaultBoard();
  board.plant({ kind: 'certificate', of: 'expired' }, { times: 1 });
  board.plant({ kind: 'reset' });

  expect(board.strikeRequest({ region: 'a' }, 'db')).toEqual({ kind: 'reset' });
  expect([board.strikeConnection({ region: 'a' }), board.strikeConnection({ region: 'a' })]).toEqual([
    'expired',
    undefined,
  ]);
});

test.each([0, 1.5, -1])('a fault cannot strike %d times', (times) => {
  expect(() => new FaultBoard().plant({ kind: 'hang' }, { times })).toThrow('whole number of times');
});

test('a throttled request says when to come back', async () => {
  await using kms = await start({ kind: 'throttle', retryAfter: 1500 });

  const { status, headers, text } = await ask(kms);

  expect([status, headers['x-acs-retry-after']]).toEqual([429, '1500']);
  expect(JSON.parse(text)).toMatchObject({
    HttpStatus: 429,
    Code: 'Rejected.Throttling',
    Message: 'QPS Limit Exceeded',
  });
});

test('any error of KMS can be asked for, in the usual words or in others', async () => {
  await using kms = await start({ kind: 'error', status: 503, code: 'ServiceUnavailableTemporary' });
  const usual = await ask(kms);
  kms.heal();
  kms.fault({ kind: 'error', status: 418, code: 'Teapot', message: 'Short and stout.' });
  const other = await askRpc({ kms, parameters: { SecretName: 'db', Format: 'XML' } });

  expect([usual.status, JSON.parse(usual.text)]).toEqual([
    503,
    expect.objectContaining({ Message: 'Service Unavailable Temporary.' }),
  ]);
  expect(other.status).toBe(418);
  expect(other.text).toMatch(
    /^<\?xml version="1.0" encoding="UTF-8"\?><KMS>.*<Code>Teapot<\/Code><Message>Short and stout\.<\/Message>/,
  );
  expect(kms.requests.map(({ code }) => code)).toEqual(['ServiceUnavailableTemporary', 'Teapot']);
});

test.each([false, true])('a reset is an RST (plain HTTP: %s)', async (plainHttp) => {
  await using kms = await startFakeKms({ plainHttp });
  kms.put('db', 's3cret-db');
  const fault = kms.fault({ kind: 'reset' });

  // An orderly end would be told as "socket hang up", with no system call that failed.
  await expect(ask(kms)).rejects.toMatchObject({ code: 'ECONNRESET', syscall: 'read' });
  expect([fault.hits, kms.requests[0]?.status]).toEqual([1, undefined]);
});

test('an answer that is cut short breaks off inside its body', async () => {
  await using kms = await start({ kind: 'truncate' });

  await expect(ask(kms)).rejects.toThrow('aborted');
});

test('an orderly close brings no error from the network, only no answer', async () => {
  await using kms = await startFakeKms({ plainHttp: true });
  kms.put('db', 's3cret-db');
  kms.fault({ kind: 'closeSocket' });

  await expect(ask(kms)).rejects.toThrow('socket hang up');
});

test('an answer that hangs inside has its headers and half of its body', async () => {
  await using kms = await start({ kind: 'hangMidBody' });
  const patience = new AbortController();
  const asked = askAcs3({ kms, parameters: { SecretName: 'db' }, signal: patience.signal });
  while (kms.requests[0]?.status === undefined) await setImmediate();

  expect(kms.openRequests).toBe(1);
  patience.abort();
  await expect(asked).rejects.toThrow('aborted');
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
  [{ kind: 'malformed' }, { status: 200, type: jsonType, text: /^this is no JSON$/ }],
  [{ kind: 'wrongShape' }, { status: 200, type: jsonType, text: /^\{"RequestId":"[-0]+"\}$/ }],
  [{ kind: 'otherSecret' }, { status: 200, type: jsonType, text: /"SecretName":"other-secret"/ }],
])('%j is answered', async (fault, { status, type, text }) => {
  await using kms = await start(fault);

  const answer = await ask(kms);

  expect([answer.status, answer.headers['content-type']]).toEqual([status, type]);
  expect(text.test(answer.text)).toBe(true);
});

test('a huge answer is as long as it was asked to be, and JSON to its end', async () => {
  await using kms = await start({ kind: 'oversized', bytes: 1_200_000 });

  const { text } = await ask(kms);

  expect(text.length).toBe(1_200_000);
  expect(Object.keys(JSON.parse(text) as object)).toContain('SecretData');
});

test('a redirect leads elsewhere', async () => {
  await using kms = await start({ kind: 'redirect', location: 'http://127.0.0.1:1/' });

  const { status, headers } = await ask(kms);

  expect([status, headers.location]).toEqual([302, 'http://127.0.0.1:1/']);
});

test.each<[FakeFault]>([[{ kind: 'slow', ms: 1 }], [{ kind: 'chunked' }], [{ kind: 'connectionClose' }]])(
  '%j brings the right answer in the end',
  async (fault) => {
    await using kms = await start(fault);

    const { status, text } = await ask(kms);

    expect([status, text.includes('s3cret-数据')]).toEqual([200, true]);
  },
);

test('a dripping answer is right in the end, if it is waited for', async () => {
  await using kms = await start({ kind: 'drip', ms: 0 });

  // A refusal, because it is short.
  const { status, text } = await askAcs3({ kms, parameters: { SecretName: 'nobody' } });

  expect([status, JSON.parse(text)]).toEqual([404, expect.objectContaining({ Code: 'Forbidden.ResourceNotFound' })]);
});

test('a dripping answer has begun long before it is over', async () => {
  await using kms = await start({ kind: 'drip', ms: 2_000_000 });
  const patience = new AbortController();
  const asked = askAcs3({ kms, parameters: { SecretName: 'db' }, signal: patience.signal });
  while (kms.requests[0]?.status === undefined) await setImmediate();

  expect(kms.openRequests).toBe(1);
  patience.abort();
  await expect(asked).rejects.toThrow('aborted');
});

test('a slow answer is late by as much as it was asked to be', async () => {
  await using kms = await start({ kind: 'slow', ms: 30 });
  const startedAt = performance.now();

  await ask(kms);

  expect(performance.now() - startedAt).toBeGreaterThan(28);
});

test('a chunked answer has no content-length, the others have', async () => {
  await using kms = await start({ kind: 'chunked' });
  const chunked = await ask(kms);
  kms.heal();
  const whole = await ask(kms);

  expect([chunked.headers['transfer-encoding'], chunked.headers['content-length']]).toEqual(['chunked', undefined]);
  expect(whole.headers['content-length']).toBe(String(Buffer.byteLength(whole.text)));
});

test('connections are kept alive, until an answer says that it is the last', async () => {
  await using kms = await start();
  const agent = new Agent({ keepAlive: true, maxSockets: 1, ca: kms.caPem });
  const askOver = (): Promise<TrialAnswer> => askAcs3({ kms, parameters: { SecretName: 'db' }, agent });

  await askOver();
  await askOver();
  kms.fault({ kind: 'connectionClose' }, { times: 1 });
  const last = await askOver();
  await askOver();
  agent.destroy();

  expect(last.headers.connection).toBe('close');
  expect(kms.requests.map(({ connectionId }) => connectionId)).toEqual([1, 1, 1, 2]);
  expect(kms.handshakes).toBe(2);
});

async function start(fault?: FakeFault): Promise<FakeKms> {
  const kms = await startFakeKms();
  kms.put('db', 's3cret-数据');
  if (fault !== undefined) kms.fault(fault);
  return kms;
}

function ask(kms: FakeKms): Promise<TrialAnswer> {
  return askAcs3({ kms, parameters: { SecretName: 'db' } });
}
