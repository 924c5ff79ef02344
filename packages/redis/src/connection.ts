import type { Clock } from '@kms-secrets/core';
import { FailoverCheck } from './failover-check.ts';
import { runCommand } from './redis-client.ts';
import type { RedisArgument, RedisClient } from './redis-client.ts';
import { ConnectionError, isReply, reasonOf } from './redis-error.ts';
import { errorCode } from '@kms-secrets/core';

export interface ConnectionParts {
  /** A client of the caller, or a factory. The connection closes only a client that it created. */
  readonly client: RedisClient | (() => Promise<RedisClient>);
  readonly clock: Clock;
  /** How long a command may take (ms). After that, Redis counts as unavailable. */
  readonly timeout: number;
  readonly onUnavailable: (reason: string) => void;
  readonly onRecovered: () => void;
  /** Redis has failed over to another server. The connection reconnects, and other connections to the old server should. */
  readonly onFailover: () => void;
}

type State = { readonly kind: 'available' } | { readonly kind: 'unavailable'; readonly reason: string };

/** Interval between probes of a Redis that is connected but does not respond (ms). */
const probeInterval = 1_000;

/**
 * The connection for commands. A command settles within `timeout`; while Redis is unavailable it rejects immediately and
 * is not sent. Reconnecting is left to the client.
 */
export class Connection {
  readonly #parts: ConnectionParts;
  /** Functions that reject the pending commands. */
  readonly #pending = new Set<(error: ConnectionError) => void>();
  readonly #listeners: ReadonlyMap<string, (...args: unknown[]) => void>;
  readonly #failoverCheck: FailoverCheck;
  #client: Promise<RedisClient> | undefined;
  /** Commands that wait for the first connection. */
  #waitingForReady: (() => void)[] = [];
  #state: State = { kind: 'available' };
  #cancelProbe: (() => void) | undefined;
  #lastError = 'the connection was closed';
  #isClosed = false;

  constructor(parts: ConnectionParts) {
    this.#parts = parts;
    const { clock, timeout } = parts;
    this.#failoverCheck = new FailoverCheck({
      client: () => this.client(),
      clock,
      timeout,
      onFailover: () => void this.#reconnect(),
    });
    this.#listeners = new Map<string, (...args: unknown[]) => void>([
      ['ready', () => this.#markAvailable()],
      ['close', () => this.#markUnavailable(this.#lastError)],
      ['end', () => this.#markUnavailable('the client was closed')],
      ['error', (error) => (this.#lastError = connectionReason(error))],
    ]);
  }

  /** The client, which may not be connected yet. */
  async client(): Promise<RedisClient> {
    this.#client ??= this.#open();
    try {
      return await this.#client;
    } catch (error) {
      this.#client = undefined;
      throw error;
    }
  }

  async send(command: string, ...args: readonly RedisArgument[]): Promise<unknown> {
    if (this.#isClosed) throw new ConnectionError('the store is closed');
    if (this.#state.kind === 'unavailable') throw new ConnectionError(this.#state.reason);
    const client = await this.client();
    return this.#withTimeout(async () => {
      // Only before the first connection: later, the state is known.
      if (client.status !== 'ready') await this.#waitForReady(client);
      return runCommand(client, command, args);
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancelProbe?.();
    this.#rejectPending(new ConnectionError('the store is closed'));
    const client = await this.#client?.catch(() => undefined);
    if (client === undefined) return;
    for (const [event, listener] of this.#listeners) client.off(event, listener);
    if (typeof this.#parts.client === 'function') {
      client.on('error', () => {}); // without a listener, the event would be thrown
      client.disconnect();
    }
  }

  async #open(): Promise<RedisClient> {
    const { client } = this.#parts;
    const opened = typeof client === 'function' ? await client() : client;
    for (const [event, listener] of this.#listeners) opened.on(event, listener);
    return opened;
  }

  async #reconnect(): Promise<void> {
    if (this.#isClosed) return;
    const reason = 'Redis has failed over to another server';
    this.#lastError = reason;
    const client = await this.client();
    // Before any connection closes: whichever closes first would report another reason.
    this.#markUnavailable(reason);
    client.disconnect(true);
    this.#parts.onFailover();
  }

  #waitForReady(client: RedisClient): Promise<void> {
    if (client.status === 'end') return Promise.reject(new ConnectionError('the client was closed'));
    return new Promise((resolve) => {
      this.#waitingForReady.push(resolve);
      // The events of the client report the result.
      if (client.status === 'wait') client.connect().catch(() => {});
    });
  }

  #withTimeout(run: () => Promise<unknown>): Promise<unknown> {
    const { clock, timeout } = this.#parts;
    return new Promise((resolve, reject) => {
      const settle = (complete: () => void): void => {
        cancelTimer();
        this.#pending.delete(abort);
        complete();
      };
      const abort = (error: ConnectionError): void => settle(() => reject(error));
      const cancelTimer = clock.setTimer(timeout, () => {
        this.#markUnavailable(`no response within ${timeout} ms`);
        this.#scheduleProbe();
      });
      this.#pending.add(abort);
      run().then(
        (reply) => settle(() => resolve(reply)),
        (error: unknown) => {
          this.#failoverCheck.failed(error);
          // The client's own errors are errors of the connection.
          const isFinal = isReply(error) || error instanceof ConnectionError;
          settle(() => reject(isFinal ? error : new ConnectionError(connectionReason(error))));
        },
      );
    });
  }

  #markUnavailable(reason: string): void {
    if (this.#isClosed) return;
    if (this.#state.kind === 'available') {
      this.#state = { kind: 'unavailable', reason };
      this.#parts.onUnavailable(reason);
    }
    this.#rejectPending(new ConnectionError(reason));
  }

  #markAvailable(): void {
    this.#cancelProbe?.();
    this.#cancelProbe = undefined;
    for (const resolve of this.#waitingForReady.splice(0)) resolve();
    if (this.#state.kind === 'available' || this.#isClosed) return;
    this.#state = { kind: 'available' };
    this.#parts.onRecovered();
  }

  #rejectPending(error: ConnectionError): void {
    this.#waitingForReady.length = 0;
    for (const abort of this.#pending) abort(error);
  }

  /** The connection is open, so no event of the client will report that Redis responds again. */
  #scheduleProbe(): void {
    if (this.#isClosed || this.#cancelProbe !== undefined) return;
    this.#cancelProbe = this.#parts.clock.setUnrefTimer(probeInterval, () => {
      this.#cancelProbe = undefined;
      void this.#probe();
    });
  }

  async #probe(): Promise<void> {
    try {
      const client = await this.client();
      // A client that reconnects emits `ready`.
      if (client.status !== 'ready') return;
      await this.#withTimeout(() => runCommand(client, 'PING', []));
      this.#markAvailable();
    } catch {
      this.#scheduleProbe();
    }
  }
}

/** Shows only the system's error code: messages of clients may contain the address or the password. */
function connectionReason(error: unknown): string {
  const code = errorCode(error);
  if (code !== undefined && /^[A-Z\d_]{2,40}$/u.test(code)) return `the connection failed (${code})`;
  return isReply(error) ? reasonOf(error) : 'the connection was closed';
}
