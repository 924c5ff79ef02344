import { once } from 'node:events';
import type { AddressInfo, Server } from 'node:net';
import { connect, createServer, isIPv6 } from 'node:net';
import { FakeClock, startFakeKms } from '@kms-secrets/testing';
import type { FakeKms } from '@kms-secrets/testing';
import { expect, onTestFinished } from 'vitest';
import type { CredentialsProvider } from '../../ports/credentials.ts';
import type { FetchFailure } from '../../ports/transport.ts';
import type { OpenApiOptions } from '../openapi/openapi-transport.ts';
import { OpenApiTransport } from '../openapi/openapi-transport.ts';

export const region = 'cn-hangzhou';

type ChannelTestOptions = OpenApiOptions & { readonly credentials: CredentialsProvider };
export const request = { name: 'prod/db' };

export async function start(): Promise<FakeKms> {
  const kms = await startFakeKms();
  kms.put('prod/db', 's3cret-1');
  onTestFinished(() => kms.close());
  return kms;
}

export function open(kms: FakeKms, options: Partial<ChannelTestOptions> = {}): OpenApiTransport {
  const transport = new OpenApiTransport({
    endpoint: { host: kms.endpoint(region).endpoint },
    ca: kms.caPem,
    credentials: { getCredential: () => Promise.resolve({ ...kms.accessKey }) },
    clock: new FakeClock({ date: kms.clock.date() }),
    connectTimeout: 2_000,
    maxResponseBytes: 1_048_576,
    ...options,
  });
  onTestFinished(() => transport.close());
  return transport;
}

export async function listen(server: Server, address = '127.0.0.1'): Promise<number> {
  const sockets = new Set<{ destroy(): void }>();
  server.on('connection', (socket) => sockets.add(socket));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  server.listen(0, address);
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

export async function failureOf(fetching: Promise<unknown>): Promise<FetchFailure> {
  return fetching.then(
    () => {
      throw new Error('expected a failure');
    },
    (error: FetchFailure) => error,
  );
}

export const noAbort = (): AbortSignal => new AbortController().signal;

/** Waits until the fake has received a request that it does not respond to. */
export async function requestReceived(kms: FakeKms): Promise<void> {
  await expect.poll(() => kms.openRequests).toBe(1);
}

/** A proxy that records the CONNECT requests and responds with `status`, to which headers may be appended. */
export async function startProxy(
  status = '200 OK',
  address = '127.0.0.1',
): Promise<{ readonly url: URL; readonly requests: string[]; readonly server: Server }> {
  const requests: string[] = [];
  const server = createServer((client) => {
    client.on('error', () => {});
    client.once('data', (head) => {
      requests.push(head.toString('latin1'));
      const target = /^CONNECT (?<host>[^:]+):(?<port>\d+) /u.exec(head.toString('latin1'))?.groups;
      if (status === 'silence') return;
      if (!status.startsWith('2')) {
        client.end(`HTTP/1.1 ${status}\r\n\r\n`);
        return;
      }
      const upstream = connect(Number(target?.['port']), target?.['host'] ?? '', () => {
        client.write(`HTTP/1.1 ${status}\r\n\r\n`);
        client.pipe(upstream).pipe(client);
      });
      upstream.on('error', () => client.destroy());
    });
  });
  const port = await listen(server, address);
  const host = isIPv6(address) ? `[${address}]` : address;
  return { url: new URL(`http://user:s3cret-%40proxy@${host}:${port}`), requests, server };
}
