import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { createServer } from 'node:net';
import type { Server as TcpServer, Socket } from 'node:net';

import type { CertificateKind, Pki } from '../certificates/pki.ts';
import { Connections } from './connections.ts';
import type { Connection } from './connections.ts';
import { listen } from './listen.ts';

interface Parts {
  /** `undefined` for plain HTTP. */
  readonly pki: Pki | undefined;
  /** 0 for a free port. */
  readonly port: number;
  nextConnectionId(): number;
  chooseCertificate(): CertificateKind;
  onHandshake(): void;
  serve(request: IncomingMessage, response: ServerResponse, connection: Connection): void;
}

/**
 * Listens on one port. It accepts the TCP connections itself and passes them to an HTTP server that does not listen. Each
 * connection can then have its own certificate, and its raw socket stays available for a reset.
 */
export class Listener {
  readonly #parts: Parts;
  readonly #connections: Connections;
  readonly #httpServers = new Map<CertificateKind, Server>();
  #tcpServer: TcpServer | undefined;
  #port: number;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#port = parts.port;
    this.#connections = new Connections({ nextId: () => parts.nextConnectionId() });
  }

  get port(): number {
    return this.#port;
  }

  /** Opens the port; after `close`, the same one. */
  async open(): Promise<void> {
    if (this.#tcpServer !== undefined) return;
    const tcpServer = createServer((socket) => {
      this.#accept(socket);
    });
    this.#tcpServer = tcpServer;
    try {
      this.#port = await listen(tcpServer, this.#port);
    } catch (error) {
      this.#tcpServer = undefined;
      throw error;
    }
  }

  /** Closes the port and all connections. New connections are refused. */
  async close(): Promise<void> {
    const tcpServer = this.#tcpServer;
    if (tcpServer === undefined) return;
    this.#tcpServer = undefined;
    const closed = once(tcpServer, 'close');
    tcpServer.close();
    this.#connections.destroyAll();
    await closed;
  }

  #accept(socket: Socket): void {
    const certificate = this.#parts.pki === undefined ? 'valid' : this.#parts.chooseCertificate();
    this.#connections.add(socket, certificate);
    this.#httpServer(certificate).emit('connection', socket);
  }

  /** One server per certificate, so that TLS sessions cannot be resumed with another certificate. */
  #httpServer(certificate: CertificateKind): Server {
    const existing = this.#httpServers.get(certificate);
    if (existing !== undefined) return existing;
    const serverCertificate = this.#parts.pki?.certificates.get(certificate);
    const serve = this.#serve.bind(this);
    const server =
      serverCertificate === undefined ? createHttpServer(serve) : createHttpsServer({ ...serverCertificate }, serve);
    // Only faults and tests close connections here. A keep-alive timer would make tests depend on timing.
    server.keepAliveTimeout = 0;
    server.on('secureConnection', (socket: Socket) => {
      this.#connections.linkTls(socket);
      this.#parts.onHandshake();
    });
    this.#httpServers.set(certificate, server);
    return server;
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const connection = this.#connections.find(request.socket);
    if (connection === undefined) request.socket.destroy();
    else this.#parts.serve(request, response, connection);
  }
}
