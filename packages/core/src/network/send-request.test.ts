import { EventEmitter } from 'node:events';
import { Readable } from 'node:stream';
import { FakeClock } from '@kms-secrets/testing';
import { expect, test } from 'vitest';
import type { ConnectionAgent } from './connection-agent.ts';
import { sendRequest } from './send-request.ts';
import type { CancelHandle } from './send-request.ts';

/** Sends a request over a stub of the agent, which responds with `response`. */
async function send(response: Readable): Promise<{ kind: string; cancellations: number }> {
  const closed = new Promise((resolve) => response.once('close', resolve));
  const outcome = await exchange((request) => request.emit('response', response));
  await closed;
  return outcome;
}

/**
 * Sends a request over a stub of the agent, by default on a reused connection. `respond` runs when the request has been written.
 */
async function exchange(
  respond: (request: EventEmitter) => void,
  { clock = new FakeClock(), isReused: reusedSocket = true } = {},
): Promise<{ kind: string; cancellations: number }> {
  let cancellations = 0;
  const request = Object.assign(new EventEmitter(), {
    reusedSocket,
    end: () => respond(request),
    destroy() {
      cancellations += 1;
    },
  });
  // The methods that sendRequest calls.
  const agent = {
    isProxied: false,
    start: () => request,
    isResolving: () => false,
    skipAddress() {},
  } as unknown as ConnectionAgent;
  const target = { agent, host: { hostname: 'kms.example', port: 443 }, clock };
  const handle: CancelHandle = { isCancelled: false, cancel: undefined };

  const { kind } = await sendRequest(
    { ...target, connectTimeout: 1_000, maxResponseBytes: 1_000 },
    { path: '/', headers: {} },
    handle,
  );

  return { kind, cancellations };
}

function responseOf(...chunks: readonly string[]): Readable {
  return responseWith({}, ...chunks);
}

function responseWith(headers: object, ...chunks: readonly string[]): Readable {
  const response = Object.assign(new Readable({ read() {} }), { statusCode: 200, headers });
  for (const chunk of chunks) response.push(chunk);
  return response;
}

test('keeps the connection when the response closes after its end', async () => {
  const response = responseOf('{}');
  response.push(null);

  expect(await send(response)).toEqual({ kind: 'response', cancellations: 0 });
});

test('closes the connection of a truncated response once', async () => {
  const response = responseOf('{');
  response.once('data', () => response.destroy());

  expect(await send(response)).toEqual({ kind: 'truncated', cancellations: 1 });
});

test.each([
  ['counts against the time to connect', 'connectTimeout', async (clock: FakeClock) => clock.pass(2_000)],
  ['does not count if the process lost it', 'response', async (clock: FakeClock) => clock.freeze(2_000)],
])('time without a connection %s', async (_, kind, wait) => {
  const clock = new FakeClock();
  const response = responseOf('{}');
  response.push(null);

  const outcome = exchange(
    (request) => {
      void (async () => {
        await wait(clock);
        await clock.pass(0);
        request.emit('response', response);
      })();
    },
    { clock, isReused: false },
  ).catch((error: unknown) => error);

  expect(await outcome).toMatchObject({ kind });
});

test.each(['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ECONNABORTED', 'EHOSTUNREACH'])(
  'takes %s on a reused connection for one that had been closed',
  async (code) => {
    const error = Object.assign(new Error('write failed'), { code });

    expect(await exchange((request) => request.emit('error', error))).toEqual({
      kind: 'staleSocket',
      cancellations: 1,
    });
  },
);

test('takes another error on a reused connection for a failure', async () => {
  const error = Object.assign(new Error('parser'), { code: 'HPE_INVALID_CONSTANT' });

  expect(await exchange((request) => request.emit('error', error))).toEqual({ kind: 'error', cancellations: 1 });
});

test('does not read a body that is longer than the limit by its content-length', async () => {
  const response = responseWith({ 'content-length': '1001' });

  const outcome = await exchange((request) => request.emit('response', response));

  expect(outcome).toEqual({ kind: 'tooLarge', cancellations: 1 });
  expect(response.listenerCount('data')).toBe(0);
});

test.each([
  [1_000, 'response'],
  [1_001, 'tooLarge'],
])('reads a body of %d bytes up to a limit of 1,000', async (length, kind) => {
  const response = responseOf('x'.repeat(length));
  response.push(null);

  expect(await send(response)).toMatchObject({ kind });
});
