import type { StoreEvent } from '@kms-secrets/core';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import type { AgentLink } from './agent-store.ts';
import { onMessages, sendMessage } from './messages.ts';
import type { AgentMessage, StoreCall } from './messages.ts';

/** The maximum of calls without a result: an agent that hangs must not fill the memory of the worker. */
const maxCalls = 1_000;

interface RunningCall {
  readonly socket: Socket;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** A promise that one call resolves; further calls do nothing. */
class Gate {
  open = (): void => {};
  readonly opened: Promise<void> = new Promise((resolve) => (this.open = resolve));
}

/**
 * The way from a worker to the store of the agent. While there is none, calls reject, and the client requests KMS itself.
 *
 * `open` may be called again: an agent that was restarted listens on another path.
 */
export class WorkerLink implements AgentLink {
  readonly #calls = new Map<number, RunningCall>();
  readonly #listeners = new Set<(event: StoreEvent) => void>();
  /** Whether the agent has answered, or the start is over. */
  readonly #answered = new Gate();
  readonly #started = new Gate();
  #isStarting = true;
  #socket: Socket | undefined;
  /** Of the socket, also while it connects. */
  #path: string | undefined;
  #isOff = false;
  #isClosed = false;
  #nextId = 0;

  /**
   * Pending until `start` is over: while Egg loads the files of the app, it blocks the event loop for longer than `storeTimeout`, and the
   * agent would seem not to respond. The deadlines of reads apply.
   */
  get preparing(): Promise<void> | undefined {
    return this.#isStarting ? this.#started.opened : undefined;
  }

  /** The worker has started, or has failed to. */
  endStart(): void {
    this.#isStarting = false;
    this.#answered.open();
    this.#started.open();
  }

  /** @param path - of the agent's socket; `undefined` if the agent shares nothing. */
  open(path: string | undefined): void {
    this.#isOff = path === undefined;
    if (path === undefined) this.#answered.open();
    // The agent answers the request of each worker to all of them.
    if (path === undefined || path === this.#path || this.#isClosed) return;
    this.#path = path;
    const socket = connect(path).unref();
    socket.on('error', () => {}); // followed by `close`
    socket.once('close', () => this.#lost(socket, path));
    socket.once('connect', () => this.#connected(socket));
    onMessages(socket, (message: AgentMessage) => this.#receive(message));
  }

  async call(call: StoreCall): Promise<unknown> {
    if (this.#socket === undefined && this.#isStarting) await this.#answered.opened;
    const socket = this.#socket;
    // Like a store that is empty: every process gets the lease, and finds nothing.
    if (this.#isOff && !this.#isClosed) return call[0] === 'lease' ? true : undefined;
    if (socket === undefined) throw new Error('the agent cannot be reached');
    if (this.#calls.size >= maxCalls) throw new Error('the agent does not respond');
    const id = (this.#nextId += 1);
    return new Promise((resolve, reject) => {
      this.#calls.set(id, { socket, resolve, reject });
      sendMessage(socket, { id, call });
    });
  }

  subscribe(listener: (event: StoreEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    this.#isClosed = true;
    this.#listeners.clear();
    this.endStart();
    this.#socket?.destroy();
    this.#socket = undefined;
  }

  #connected(socket: Socket): void {
    const previous = this.#socket;
    this.#socket = socket;
    previous?.destroy();
    if (this.#isClosed) this.close();
    this.#answered.open();
    this.#emit({ kind: 'recovered' });
  }

  #lost(socket: Socket, path: string): void {
    this.#answered.open(); // also where the agent has ended before it accepted the connection
    if (this.#path === path) this.#path = undefined;
    for (const [id, call] of this.#calls) {
      if (call.socket !== socket) continue;
      this.#calls.delete(id);
      call.reject(new Error('the connection to the agent was closed'));
    }
    if (this.#socket !== socket) return;
    this.#socket = undefined;
    this.#emit({ kind: 'unavailable', reason: 'the connection to the agent was closed' });
  }

  #receive(message: AgentMessage): void {
    if ('event' in message) return this.#emit(message.event);
    this.#calls.get(message.id)?.resolve(message.result);
    this.#calls.delete(message.id);
  }

  #emit(event: StoreEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}
