import type { Socket } from 'node:net';

import type { CertificateKind } from '../certificates/pki.ts';

/** A TCP connection. Requests over TLS belong to the TCP connection below. */
export interface Connection {
  readonly id: number;
  readonly certificate: CertificateKind;
  readonly tcp: Socket;
}

/** The open connections of a listener, found by the socket that a request arrives on. */
export class Connections {
  readonly #open = new Map<Socket, Connection>();
  readonly #byRemotePort = new Map<number, Connection>();
  readonly #bySocket = new WeakMap<object, Connection>();
  readonly #nextId: () => number;

  /** `nextId` is shared by the listeners of a fake, so that connection ids are unique. */
  constructor(parts: { nextId: () => number }) {
    this.#nextId = parts.nextId;
  }

  add(tcp: Socket, certificate: CertificateKind): void {
    const connection = { id: this.#nextId(), certificate, tcp };
    const port = tcp.remotePort;
    this.#open.set(tcp, connection);
    this.#bySocket.set(tcp, connection);
    // All clients have the loopback address, so the port identifies the connection.
    if (port !== undefined) this.#byRemotePort.set(port, connection);
    tcp.on('error', () => undefined); // clients may disconnect at any time; `close` follows and cleans up
    tcp.once('close', () => {
      this.#open.delete(tcp);
      if (port !== undefined && this.#byRemotePort.get(port) === connection) this.#byRemotePort.delete(port);
    });
  }

  /** Links a TLS socket to its TCP connection by the remote port: Node has no public API for this. */
  linkTls(tls: Socket): void {
    const connection = tls.remotePort === undefined ? undefined : this.#byRemotePort.get(tls.remotePort);
    if (connection !== undefined) this.#bySocket.set(tls, connection);
  }

  find(socket: Socket): Connection | undefined {
    return this.#bySocket.get(socket);
  }

  destroyAll(): void {
    for (const tcp of this.#open.keys()) tcp.destroy();
  }
}
