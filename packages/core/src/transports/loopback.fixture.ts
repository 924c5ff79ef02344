import { createPrivateKey, sign } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { IncomingHttpHeaders, Server as HttpServer } from 'node:http';
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { connect } from 'node:net';
import type { TlsOptions } from 'node:tls';
import type { ClientKey, ClientKeyProvider } from '../ports/credentials.ts';

/** A request as the loopback server received it. */
export interface ReceivedRequest {
  readonly method: string;
  readonly path: string;
  /** In wire order, without the `connection` header that Node adds. */
  readonly headerLines: readonly string[];
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface StubResponse {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer | string;
}

/** An HTTPS server on the loopback interface that records its requests. */
export interface Loopback extends AsyncDisposable {
  readonly host: string;
  readonly ca: string;
  /** A proxy that connects every host name to the server. */
  readonly proxy: URL;
  readonly requests: readonly ReceivedRequest[];
}

function readJson(name: string): unknown {
  return JSON.parse(readFileSync(new URL(name, import.meta.url), 'utf8'));
}

const identity = readJson('loopback-certificate.json') as { readonly cert: string; readonly key: string }; // our own file

/** `versions` limits the TLS versions. Default: those of the process. */
export async function startLoopback(
  respond: (request: ReceivedRequest) => StubResponse,
  versions: Pick<TlsOptions, 'minVersion' | 'maxVersion'> = {},
): Promise<Loopback> {
  const requests: ReceivedRequest[] = [];
  const sockets = new Set<Socket>();
  const server = createServer({ ...identity, ...versions }, (incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.once('end', () => {
      const { method = '', url: path = '', headers, rawHeaders } = incoming;
      const request = { method, path, headers, headerLines: linesOf(rawHeaders), body: Buffer.concat(chunks) };
      requests.push(request);
      const { status = 200, headers: responseHeaders = {}, body = '' } = respond(request);
      outgoing.writeHead(status, responseHeaders).end(body);
    });
  });
  const port = await listen(server, sockets);
  const proxy = createHttpServer().on('connect', (_, client: Socket) => {
    const upstream = connect(port, '127.0.0.1', () => client.write('HTTP/1.1 200 OK\r\n\r\n'));
    client.pipe(upstream).pipe(client);
    for (const socket of [client, upstream]) socket.on('error', () => {});
  });
  const proxyPort = await listen(proxy, sockets);
  return {
    host: `127.0.0.1:${port}`,
    ca: identity.cert,
    proxy: new URL(`http://127.0.0.1:${proxyPort}`),
    requests,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await Promise.all([server, proxy].map((each) => once(each.close(), 'close')));
    },
  };
}

async function listen(server: HttpServer, sockets: Set<Socket>): Promise<number> {
  server.on('connection', (socket: Socket) => sockets.add(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port; // it listens on TCP
}

function linesOf(rawHeaders: readonly string[]): readonly string[] {
  const lines: string[] = [];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    if (rawHeaders[at] !== 'Connection') lines.push(`${rawHeaders[at]}: ${rawHeaders[at + 1]}`);
  }
  return lines;
}

/** The parts of `client-key-vectors.json` that the tests read. */
export interface ClientKeyVectors {
  readonly key: { readonly keyId: string; readonly privateKeyPkcs8DerBase64: string };
  readonly rpcV1ClientKey: readonly {
    readonly id: string;
    readonly method: string;
    readonly query: Readonly<Record<string, string>>;
    readonly canonicalQuery: string;
    readonly stringToSign: string;
    readonly signature: string;
    readonly signatureParam: string;
  }[];
  readonly protobuf: {
    readonly request: readonly { readonly id: string; readonly message: EncodedMessage; readonly hex: string }[];
    readonly response: readonly { readonly id: string; readonly message: object; readonly hex: string }[];
    readonly decodeOnly: readonly { readonly id: string; readonly decodesAs: object; readonly hex: string }[];
    readonly malformed: readonly { readonly id: string; readonly hex: string }[];
    readonly error: readonly {
      readonly id: string;
      readonly message: { readonly StatusCode: number; readonly ErrorCode: string; readonly RequestId: string };
      readonly hex: string;
    }[];
  };
  readonly instanceApi: readonly {
    readonly id: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly bodyHex: string;
    readonly stringToSign: string;
    readonly signature: string;
    readonly rawRequestBase64: string;
  }[];
}

interface EncodedMessage {
  readonly SecretName: string;
  readonly VersionStage?: string;
  readonly VersionId?: string;
  readonly FetchExtendedConfig?: boolean;
}

export const clientKeyVectors: ClientKeyVectors = readJson('client-key-vectors.json') as ClientKeyVectors; // our own file

const { keyId, privateKeyPkcs8DerBase64 } = clientKeyVectors.key;
const privateKey = createPrivateKey({
  key: Buffer.from(privateKeyPkcs8DerBase64, 'base64'),
  format: 'der',
  type: 'pkcs8',
});

/** The client key in the vectors. */
export const vectorKey: ClientKey = {
  keyId,
  expiresAt: undefined,
  sign: (text) => Promise.resolve(sign('sha256', Buffer.from(text), privateKey).toString('base64')),
};

/** A provider of that key alone. */
export const vectorKeys: ClientKeyProvider = { getClientKey: () => vectorKey };
