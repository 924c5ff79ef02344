import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { createGunzip } from 'node:zlib';

export interface HttpSink extends AsyncDisposable {
  /** Host and port. */
  readonly host: string;
  /** The bodies received so far, uncompressed. */
  readonly bodies: readonly string[];
}

/** A server on loopback that accepts every request and records its body. */
export async function startHttpSink(): Promise<HttpSink> {
  const bodies: string[] = [];
  const server = createServer((request, response) => {
    const body = request.headers['content-encoding'] === 'gzip' ? request.pipe(createGunzip()) : request;
    void text(body).then((received) => {
      bodies.push(received);
      response.setHeader('content-type', 'application/json').end('{}');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // a string only for a pipe
  return {
    host: `127.0.0.1:${port}`,
    bodies,
    [Symbol.asyncDispose]: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
