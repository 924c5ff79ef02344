import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

export interface ConnectProxy extends AsyncDisposable {
  readonly url: string;
  /** Tunnels opened so far. */
  readonly tunnels: number;
}

/** An HTTP proxy for CONNECT, on loopback. `upstreamHost` replaces the host of each tunnel. */
export async function startConnectProxy(host = '127.0.0.1', upstreamHost?: string): Promise<ConnectProxy> {
  const sockets = new Set<Socket>();
  let tunnels = 0;
  const server = createServer();
  server.on('connect', ({ url = '' }, client: Socket) => {
    tunnels += 1;
    const { hostname, port } = new URL(`http://${url}`);
    const upstream = connect(Number(port), upstreamHost ?? hostname.replaceAll(/[[\]]/gu, ''), () => {
      client.write('HTTP/1.1 200 OK\r\n\r\n');
      upstream.pipe(client).pipe(upstream);
    });
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket
        .on('error', () => {})
        .on('close', () => {
          sockets.delete(socket);
          client.destroy();
          upstream.destroy();
        });
    }
  });
  server.listen(0, host);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // a string only for a pipe
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`,
    get tunnels() {
      return tunnels;
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
