import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { createServer } from 'node:net';
import type { AddressInfo, Server as TcpServer, Socket } from 'node:net';

import type { CertificateKind, Pki } from '../certificates/pki.ts';
import { Connections } from './connections.ts';
import type { Connection } from './connections.ts';

const loopback = '127.0.0.1';

interface Parts {
  /** Plain HTTP without it. */
  readonly trust: Pki | undefined;
  /** 0 for any free one. */
  readonly port: number;
  nextConnectionId(): number;
  chooseCertificate(): CertificateKind;
  onHandshake(): void;
  serve(request: IncomingMessage, response: ServerResponse, connection: Connection): void;
}

/**
 * One port. TCP is taken here and handed on to a server that never listens itself: so each connection can be shown a
 * certificate of its own, and its raw socket stays at hand for a reset.
 */
export class Listener {
  readonly #parts: Parts;
  readonly #connections: Connections;
  readonly #servers = new Map<CertificateKind, Server>();
  #tcp: TcpServer | undefined;
  #port: number;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#port = parts.port;
    this.#connections = new Connections({ nextId: () => parts.nextConnectionId() });
  }

  get port(): number {
    return this.#port;
  }

  /** Opens the port; the same one every time. */
  async open(): Promise<void> {
    if (this.#tcp !== undefined) return;
    const tcp = createServer((socket) => {
      this.#take(socket);
    });
    this.#tcp = tcp;
    try {
      tcp.listen(this.#port, loopback);
      await once(tcp, 'listening');
    } catch (error) {
      this.#tcp = undefined;
      throw error;
    }
    // `address()` is a text only for a pipe, and this is a port.
    this.#port = (tcp.address() as AddressInfo).port;
  }

  /** Closes the port and every connection: who comes now is refused. */
  async shut(): Promise<void> {
    const tcp = this.#tcp;
    if (tcp === undefined) return;
    this.#tcp = undefined;
    const closed = once(tcp, 'close');
    tcp.close();
    this.#connections.destroyAll();
    await closed;
  }

  #take(socket: Socket): void {
    const certificate = this.#parts.trust === undefined ? 'right' : this.#parts.chooseCertificate();
    this.#connections.add(socket, certificate);
    this.#server(certificate).emit('connection', socket);
  }

  /** A server a certificate, made when first needed: its session tickets are of no use at another. */
  #server(certificate: CertificateKind): Server {
    const known = this.#servers.get(certificate);
    if (known !== undefined) return known;
    const shown = this.#parts.trust?.certificates.get(certificate);
    const serve = this.#serve.bind(this);
    const server = shown === undefined ? createHttpServer(serve) : createHttpsServer({ ...shown }, serve);
    // Only faults and tests end connections here; a timer of the server's would do so at its own whim.
    server.keepAliveTimeout = 0;
    server.on('secureConnection', (socket: Socket) => {
      this.#connections.adopt(socket);
      this.#parts.onHandshake();
    });
    this.#servers.set(certificate, server);
    return server;
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const connection = this.#connections.of(request.socket);
    if (connection === undefined) request.socket.destroy();
    else this.#parts.serve(request, response, connection);
  }
}
