import type { Socket } from 'node:net';

import type { CertificateKind } from '../certificates/pki.ts';

/** One TCP connection, and the TLS one inside it once the handshake is done. */
export interface Connection {
  readonly id: number;
  readonly certificate: CertificateKind;
  readonly tcp: Socket;
}

/** The open connections of one listener, found again by what a request comes over. */
export class Connections {
  readonly #open = new Map<Socket, Connection>();
  readonly #byPort = new Map<number, Connection>();
  readonly #bySocket = new WeakMap<object, Connection>();
  readonly #nextId: () => number;

  /** `nextId` counts for all listeners of a fake, so that no two connections have one number. */
  constructor(parts: { nextId: () => number }) {
    this.#nextId = parts.nextId;
  }

  add(tcp: Socket, certificate: CertificateKind): void {
    const connection = { id: this.#nextId(), certificate, tcp };
    const port = tcp.remotePort;
    this.#open.set(tcp, connection);
    this.#bySocket.set(tcp, connection);
    // All clients are on one address, so their port tells them apart.
    if (port !== undefined) this.#byPort.set(port, connection);
    tcp.on('error', () => undefined); // a client may go at any time; the close that follows is what counts
    tcp.once('close', () => {
      this.#open.delete(tcp);
      if (port !== undefined && this.#byPort.get(port) === connection) this.#byPort.delete(port);
    });
  }

  /** Remembers that this TLS socket runs over the connection from the same port: Node does not say so in public. */
  adopt(tls: Socket): void {
    const connection = tls.remotePort === undefined ? undefined : this.#byPort.get(tls.remotePort);
    if (connection !== undefined) this.#bySocket.set(tls, connection);
  }

  of(socket: Socket): Connection | undefined {
    return this.#bySocket.get(socket);
  }

  destroyAll(): void {
    for (const tcp of this.#open.keys()) tcp.destroy();
  }
}
