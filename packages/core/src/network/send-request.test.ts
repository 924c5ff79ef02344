import { EventEmitter } from 'node:events';
import { Readable } from 'node:stream';
import { FakeClock } from '@kms-secrets/testing';
import { expect, test } from 'vitest';
import type { ConnectionAgent } from './connection-agent.ts';
import { sendRequest } from './send-request.ts';
import type { CancelHandle } from './send-request.ts';

/** Sends a request over a stub of the agent, which responds with `response`. */
async function send(response: Readable): Promise<{ kind: string; cancellations: number }> {
  let cancellations = 0;
  const request = Object.assign(new EventEmitter(), {
    reusedSocket: true,
    end: () => request.emit('response', response),
  });
  const cancel = (): void => {
    cancellations += 1;
  };
  // The only method that sendRequest calls.
  const agent = { start: () => ({ request, cancel }) } as unknown as ConnectionAgent;
  const target = { agent, host: { hostname: 'kms.example', port: 443 }, clock: new FakeClock() };
  const handle: CancelHandle = { isCancelled: false, cancel: undefined };
  const closed = new Promise((resolve) => response.once('close', resolve));

  const { kind } = await sendRequest(
    { ...target, connectTimeout: 1_000, maxResponseBytes: 1_000 },
    { path: '/', headers: {} },
    handle,
  );

  await closed;
  return { kind, cancellations };
}

function responseOf(...chunks: readonly string[]): Readable {
  const response = Object.assign(new Readable({ read() {} }), { statusCode: 200, headers: {} });
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
