import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** Milliseconds between two readiness probes. A kubelet probes every 10 s by default. */
const probePeriod = 250;

interface Backend {
  readonly url: URL;
  isSignalled: boolean;
}

/**
 * Distributes connections as a Service of Kubernetes does: each new connection goes to the next backend that is ready, and existing
 * ones stay where they are. A backend gets connections until its readiness probe has failed, also after its SIGTERM.
 */
export class Balancer implements AsyncDisposable {
  /** The connections that backends got after their SIGTERM. */
  lateConnections = 0;
  readonly #server = createServer((client) => this.#forward(client));
  readonly #ready: Backend[] = [];
  readonly #sockets = new Set<Socket>();
  readonly #end = new AbortController();

  static async listen(): Promise<Balancer> {
    const balancer = new Balancer();
    await once(balancer.#server.listen(0, '127.0.0.1'), 'listening');
    return balancer;
  }

  get url(): string {
    const { port } = this.#server.address() as AddressInfo; // a string only for a pipe
    return `http://127.0.0.1:${port}`;
  }

  /** Sends connections to a backend once it is ready; resolves then. Returns what reports its SIGTERM. */
  async add(url: string): Promise<() => void> {
    const backend: Backend = { url: new URL(url), isSignalled: false };
    while (!(await isReady(backend))) await sleep(probePeriod);
    this.#ready.push(backend);
    void this.#probe(backend);
    return () => (backend.isSignalled = true);
  }

  async #probe(backend: Backend): Promise<void> {
    do await sleep(probePeriod);
    while (!this.#end.signal.aborted && (await isReady(backend)));
    this.#ready.splice(this.#ready.indexOf(backend), 1);
  }

  #forward(client: Socket): void {
    const backend = this.#ready.shift();
    if (backend === undefined) return void client.destroy();
    this.#ready.push(backend);
    if (backend.isSignalled) this.lateConnections += 1;
    const server = connect(Number(backend.url.port), backend.url.hostname);
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(socket);
      socket.on('error', () => other.destroy()).on('close', () => this.#sockets.delete(socket));
      socket.pipe(other);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end.abort();
    for (const socket of this.#sockets) socket.destroy();
    await once(this.#server.close(), 'close');
  }
}

async function isReady({ url }: Backend): Promise<boolean> {
  const response = await fetch(new URL('/ready', url)).catch(() => undefined);
  await response?.arrayBuffer();
  return response?.ok === true;
}
