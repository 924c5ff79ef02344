import { EventEmitter } from 'node:events';
import { Agent } from 'node:https';
import { Readable } from 'node:stream';
import { FakeClock } from '@kms-secrets/testing';
import { expect, test } from 'vitest';
import type { ConnectionPool } from './connection-pool.ts';
import { sendRequest } from './send-request.ts';
import type { CancelHandle } from './send-request.ts';

/** An exchange over a connection of the test's own, which answers as `response` does. */
async function ask(response: Readable): Promise<{ kind: string; timesGivenUp: number }> {
  let timesGivenUp = 0;
  const sent = Object.assign(new EventEmitter(), { reusedSocket: true, end: () => sent.emit('response', response) });
  const giveUp = (): void => {
    timesGivenUp += 1;
  };
  // All of a connection that an exchange touches.
  const connection = { start: () => ({ request: sent, cancel: giveUp }) } as unknown as ConnectionPool;
  const parts = { pool: connection, hostname: 'kms.example', port: 443, clock: new FakeClock() };
  const attempt: CancelHandle = { isCancelled: false, cancel: undefined };
  const closed = new Promise((resolve) => response.once('close', resolve));

  const { kind } = await sendRequest(
    { ...parts, connectTimeout: 1_000, maxResponseBytes: 1_000 },
    { agent: new Agent(), path: '/', headers: [] },
    attempt,
  );

  await closed;
  return { kind, timesGivenUp };
}

function responseOf(...chunks: readonly string[]): Readable {
  const response = Object.assign(new Readable({ read() {} }), { statusCode: 200, headers: {} });
  for (const chunk of chunks) response.push(chunk);
  return response;
}

test('a connection that brought an answer is left alone when the response closes, for it is to be kept', async () => {
  const response = responseOf('{}');
  response.push(null);

  expect(await ask(response)).toEqual({ kind: 'answer', timesGivenUp: 0 });
});

test('a connection that brought half an answer is given up, once', async () => {
  const response = responseOf('{');
  response.once('data', () => response.destroy());

  expect(await ask(response)).toEqual({ kind: 'cutShort', timesGivenUp: 1 });
});
