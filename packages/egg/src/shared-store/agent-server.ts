import type { StoreEvent } from '@kms-secrets/core';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AgentLink } from './agent-store.ts';
import { onMessages, sendMessage } from './messages.ts';
import type { CallMessage, StoreCall } from './messages.ts';
import type { StoreHub } from './store-hub.ts';

/** Serves the store of the agent to the workers, on a socket in a folder that only the user of the process can enter. */
export class AgentServer {
  readonly #hub: StoreHub;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #folder: string | undefined;

  constructor(hub: StoreHub) {
    this.#hub = hub;
  }

  /** Resolves to the path of the socket. Rejects if the folder for temporary files is not writable. */
  async listen(): Promise<string> {
    this.#folder = await mkdtemp(join(tmpdir(), 'kms-secrets-egg-')); // with mode 0700
    const path = join(this.#folder, 'agent');
    const server = createServer((socket) => this.#serve(socket)).unref();
    this.#server = server;
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(path, resolve));
    return path;
  }

  async close(): Promise<void> {
    this.#server?.close();
    for (const socket of this.#sockets) socket.destroy();
    if (this.#folder !== undefined) await rm(this.#folder, { recursive: true, force: true });
  }

  #serve(socket: Socket): void {
    const member = this.#hub.join((event) => sendMessage(socket, { event }));
    this.#sockets.add(socket.unref());
    socket.on('error', () => {}); // followed by `close`
    socket.once('close', () => {
      this.#sockets.delete(socket);
      member.leave();
    });
    onMessages(socket, ({ id, call }: CallMessage) => sendMessage(socket, { id, result: member.run(call) }));
  }
}

/** The way from the agent's own client to its store. */
export class LocalLink implements AgentLink {
  readonly #listeners = new Set<(event: StoreEvent) => void>();
  readonly #member: ReturnType<StoreHub['join']>;
  #isClosed = false;

  constructor(hub: StoreHub) {
    this.#member = hub.join((event) => {
      for (const listener of this.#listeners) listener(event);
    });
  }

  async call(call: StoreCall): Promise<unknown> {
    if (this.#isClosed) throw new Error('The store is closed.');
    return this.#member.run(call);
  }

  subscribe(listener: (event: StoreEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    this.#isClosed = true;
    this.#member.leave();
  }
}
