import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import type { RedisServer } from './redis-server.fixture.ts';

/** An address that leads to one server, and after `failOver` to another one, while open connections stay. */
export async function movableAddress(
  first: RedisServer,
  second: RedisServer,
): Promise<{ port: number; failOver(): void }> {
  let { port: target } = first;
  const sockets = new Set<Socket>();
  const proxy = createServer((socket) => {
    const upstream = connect(target, '127.0.0.1');
    for (const each of [socket, upstream]) sockets.add(each.on('error', () => {}));
    socket.pipe(upstream).pipe(socket);
    socket.on('close', () => upstream.destroy());
  }).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    proxy.close();
  });
  const { port } = proxy.address() as AddressInfo; // a TCP server has one
  return {
    port,
    failOver() {
      target = second.port;
    },
  };
}
