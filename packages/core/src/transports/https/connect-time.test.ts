import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { FakeClock } from '@kms-secrets/testing';
import { expect, test } from 'vitest';
import { HttpsChannel } from './channel.ts';

function channelTo(port: number, proxy?: URL): HttpsChannel {
  const clock = new FakeClock();
  return new HttpsChannel(
    { endpoint: { host: `127.0.0.1:${port}` }, clock, connectTimeout: 1_000, maxResponseBytes: 1_000, proxy },
    { identity: 'credentials', readError: () => ({ code: undefined, requestId: undefined }) },
  );
}

test('a connection is made, given back, and nothing is sent', async () => {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const accepted = once(server, 'connection');

  const ms = await channelTo((server.address() as AddressInfo).port).connectTime(new AbortController().signal);

  const [socket] = await accepted;
  let received = 0;
  socket.on('data', (chunk: Buffer) => {
    received += chunk.length;
  });
  await once(socket, 'close');
  server.close();
  expect(ms).toBe(0); // by a clock that stands still
  expect(received).toBe(0);
});

test('where nobody listens it fails', async () => {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');

  await expect(channelTo(port).connectTime(new AbortController().signal)).rejects.toThrow('ECONNREFUSED');
});

test('it ends with its signal', async () => {
  const controller = new AbortController();
  const waiting = channelTo(9).connectTime(controller.signal);

  controller.abort(new Error('enough'));

  await expect(waiting).rejects.toThrow('enough');
});

test('through a proxy it would be the proxy that is measured', async () => {
  const channel = channelTo(443, new URL('http://127.0.0.1:3128'));

  expect(await channel.connectTime(new AbortController().signal)).toBeUndefined();
});
