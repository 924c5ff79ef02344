import { errorCode } from '@kms-secrets/core';
import type { Clock } from '@kms-secrets/core';
import { isCluster, primariesOf, primaryOf } from './cluster.ts';
import type { NodeAddress } from './cluster.ts';
import { ClusterNodes } from './cluster-nodes.ts';
import { FailoverCheck } from './failover-check.ts';
import { FirstConnection } from './first-connection.ts';
import { Output } from './output.ts';
import { PendingCommands } from './pending-commands.ts';
import { runCommand } from './redis-client.ts';
import type { RedisArgument, RedisClient } from './redis-client.ts';
import { closedReason, ConnectionError, connectionReason, isDown, isReply } from './redis-error.ts';

export interface ConnectionParts {
  /** A client of the caller, or a factory. The connection closes only a client that it created. */
  readonly client: RedisClient | (() => Promise<RedisClient>);
  readonly clock: Clock;
  /** How long a command may take (ms). After that, Redis counts as unavailable. */
  readonly timeout: number;
  /** With `node`, only that node of a cluster is unavailable. */
  readonly onUnavailable: (reason: string, node?: NodeAddress) => void;
  readonly onRecovered: (node?: NodeAddress) => void;
  /** Redis has failed over to another server. The connection reconnects, and other connections to the old server should. */
  readonly onFailover: () => void;
}

interface TimeoutOptions {
  /** The node of a cluster that holds the key, as far as the client knows now. */
  readonly nodeOf?: () => NodeAddress | undefined;
  readonly onTimeout: (reason: string) => void;
  /** The connection failed. */
  readonly onFailure?: (reason: string) => void;
}

type State = { readonly kind: 'available' } | { readonly kind: 'unavailable'; readonly reason: string };

export const failedOverReason = 'Redis has failed over to another server';
/** Interval between probes of a Redis that is connected but does not respond (ms). */
const probeInterval = 1_000;

/** A command and the key that it concerns. */
interface Command {
  readonly key: string;
  readonly name: string;
  readonly args: readonly RedisArgument[];
}

/**
 * The connection for commands. A command settles within `timeout`; while Redis, or the node of a cluster that holds its key, is
 * unavailable it rejects immediately and is not sent. Reconnecting is left to the client.
 */
export class Connection {
  readonly #parts: ConnectionParts;
  readonly #pending = new PendingCommands();
  readonly #listeners: ReadonlyMap<string, (...args: unknown[]) => void>;
  readonly #output = new Output();
  readonly #failoverCheck: FailoverCheck;
  readonly #nodes: ClusterNodes;
  #client: Promise<RedisClient> | undefined;
  #opened: RedisClient | undefined;
  /** Commands that wait for the first connection. */
  #waitingForReady: (() => void)[] = [];
  #connecting: FirstConnection | undefined = new FirstConnection();
  #state: State = { kind: 'available' };
  #cancelProbe: (() => void) | undefined;
  #lastError = closedReason;
  /** A key that each node of a cluster holds, for probes. */
  readonly #keys = new Map<NodeAddress, string>();
  #isClosed = false;

  constructor(parts: ConnectionParts) {
    this.#parts = parts;
    const { clock, timeout } = parts;
    if (typeof parts.client !== 'function' && parts.client.status === 'ready') this.#endConnecting();
    this.#failoverCheck = new FailoverCheck({
      client: () => this.client(),
      clock,
      timeout,
      onFailover: () => void this.#reconnect(),
    });
    this.#nodes = new ClusterNodes({
      clock,
      probe: (key) => this.#probeNode(key),
      isPrimary: (node) => this.#isPrimary(node),
      onUnavailable: (node, reason) => this.#nodeUnavailable(node, reason),
      onRecovered: (node) => this.#parts.onRecovered(node),
    });
    this.#listeners = new Map<string, (...args: unknown[]) => void>([
      ['ready', () => this.#markAvailable()],
      ['close', () => this.#markUnavailable(this.#lastError)],
      ['end', () => this.#markUnavailable('the client was closed')],
      ['error', (error) => (this.#lastError = connectionReason(error))],
      ['node error', (error, node) => this.#onNodeError(error, String(node))], // only of a cluster
    ]);
  }

  /** The client, which may not be connected yet. */
  async client(): Promise<RedisClient> {
    this.#client ??= this.#open();
    try {
      return await this.#client;
    } catch (error) {
      this.#client = undefined;
      this.#endConnecting();
      throw error;
    }
  }

  /** Pending until the client has connected for the first time, or has failed to: at most `timeout` after the first command. */
  get connecting(): Promise<void> | undefined {
    return this.#connecting?.ended;
  }

  /** Whether this node of a cluster is unavailable. */
  isUnavailable(node: NodeAddress | undefined): boolean {
    return node !== undefined && this.#nodes.has(node);
  }

  send(command: Command): Promise<unknown> {
    const client = this.#opened;
    // Almost always: a command of a single, connected server needs one promise besides that of the client.
    if (client?.status === 'ready' && this.#state.kind === 'available' && !this.#isClosed && !isCluster(client)) {
      this.#output.holdBack(client);
      return this.#withTimeout(async () => runCommand(client, command.name, command.args), {
        onTimeout: (reason) => this.#markFrozen(reason),
      });
    }
    return this.#sendWhenReady(command);
  }

  async #sendWhenReady({ key, name, args }: Command): Promise<unknown> {
    if (this.#isClosed) throw new ConnectionError('the store is closed');
    if (this.#state.kind === 'unavailable') throw new ConnectionError(this.#state.reason);
    const client = await this.client();
    // Only before the first connection: later, the state is known. The time of the command begins after it.
    if (client.status !== 'ready') await this.#waitForReady(client);
    const node = primaryOf(client, key);
    const reason = node === undefined ? undefined : this.#nodes.reasonOf(node);
    if (reason !== undefined) throw new ConnectionError(reason, node);
    const run = async (): Promise<unknown> => {
      const primary = primaryOf(client, key);
      if (primary !== undefined) this.#keys.set(primary, key);
      return runCommand(client, name, args);
    };
    const onFailure = (cause: string): void => void this.#markNode(client, key, cause);
    const onTimeout = (cause: string): void => {
      if (!this.#markNode(client, key, cause)) this.#markFrozen(cause);
    };
    return this.#withTimeout(run, { nodeOf: () => primaryOf(client, key), onTimeout, onFailure });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancelProbe?.();
    this.#nodes.close();
    this.#endConnecting();
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
    this.#opened = opened;
    if (opened.status === 'ready') this.#endConnecting();
    return opened;
  }

  async #reconnect(): Promise<void> {
    if (this.#isClosed) return;
    this.#lastError = failedOverReason;
    const client = await this.client();
    // Before any connection closes: whichever closes first would report another reason.
    this.#markUnavailable(failedOverReason);
    client.disconnect(true);
    this.#parts.onFailover();
  }

  async #waitForReady(client: RedisClient): Promise<void> {
    if (client.status === 'end') throw new ConnectionError('the client was closed');
    const ready = (): Promise<void> =>
      new Promise((resolve) => {
        this.#waitingForReady.push(resolve);
        // The events of the client report the result.
        if (client.status === 'wait') client.connect().catch(() => {});
      });
    await this.#withTimeout(ready, { onTimeout: (reason) => this.#markFrozen(reason) });
  }

  #endConnecting(): void {
    this.#connecting?.end();
    this.#connecting = undefined;
  }

  #withTimeout(
    run: () => Promise<unknown>,
    { nodeOf = () => undefined, onTimeout, onFailure }: TimeoutOptions,
  ): Promise<unknown> {
    const { clock, timeout } = this.#parts;
    return new Promise((resolve, reject) => {
      const pending = this.#pending.add({ reject, nodeOf });
      pending.cancelTimer = clock.setTimer(timeout, () => {
        // The client is connected, and waits until the server has loaded its data.
        const isConnected = this.#opened?.status === 'connect';
        const reason = isConnected
          ? `Redis is not ready within ${timeout} ms; it may be loading its data`
          : `no response within ${timeout} ms`;
        onTimeout(reason);
        this.#pending.reject(pending, new ConnectionError(reason, nodeOf()));
      });
      run().then(
        (reply) => {
          this.#pending.remove(pending);
          resolve(reply);
        },
        (error: unknown) => {
          this.#failoverCheck.failed(error);
          if (isReply(error) || error instanceof ConnectionError) {
            this.#pending.reject(pending, error);
            return;
          }
          // The client's own errors are errors of the connection.
          const reason = connectionReason(error);
          // The client of a cluster repeats a command for seconds: the node may have recovered since.
          if (this.#pending.has(pending)) onFailure?.(reason);
          else if (isDown(error)) this.#nodes.explain(nodeOf(), reason);
          this.#pending.reject(pending, new ConnectionError(reason, nodeOf()));
        },
      );
    });
  }

  /** Marks the node of a cluster that holds `key`. Returns false for a single server. */
  #markNode(client: RedisClient, key: string, reason: string): boolean {
    const node = client.status === 'ready' ? primaryOf(client, key) : undefined;
    if (node === undefined || this.#isClosed) return false;
    this.#nodes.markUnavailable(node, reason, key);
    return true;
  }

  /** Redis is connected but does not respond. */
  #markFrozen(reason: string): void {
    this.#markUnavailable(reason);
    this.#scheduleProbe();
  }

  /** A connection that was closed is no outage: the client opens another one for the next command. */
  #onNodeError(error: unknown, node: NodeAddress): void {
    const code = errorCode(error);
    const key = this.#keys.get(node);
    if (this.#isClosed || code === undefined || key === undefined || /^(?:ECONNRESET|EPIPE)$/u.test(code)) return;
    if (this.#isPrimary(node)) this.#nodes.markUnavailable(node, connectionReason(error), key);
  }

  #isPrimary(node: NodeAddress): boolean {
    const opened = this.#opened;
    return opened !== undefined && isCluster(opened) && primariesOf(opened).has(node);
  }

  async #probeNode(key: string): Promise<void> {
    const client = await this.client();
    try {
      if (client.status !== 'ready') throw new ConnectionError('the cluster is not connected');
      await this.#withTimeout(() => runCommand(client, 'TYPE', [key]), { onTimeout: () => {} });
    } catch (error) {
      if (isReply(error) && !isDown(error)) return;
      if (isCluster(client)) client.refreshSlotsCache();
      throw error;
    }
  }

  #markUnavailable(reason: string): void {
    if (this.#isClosed) return;
    this.#endConnecting();
    const wasAvailable = this.#state.kind === 'available';
    // A later reason says more than a timeout: the certificate is not trusted, say.
    this.#state = { kind: 'unavailable', reason };
    if (wasAvailable) this.#parts.onUnavailable(reason);
    this.#rejectPending(new ConnectionError(reason));
  }

  #nodeUnavailable(node: NodeAddress, reason: string): void {
    this.#parts.onUnavailable(reason, node);
    const error = new ConnectionError(reason, node);
    for (const pending of this.#pending.all) if (pending.nodeOf() === node) this.#pending.reject(pending, error);
  }

  #markAvailable(): void {
    this.#cancelProbe?.();
    this.#cancelProbe = undefined;
    for (const resolve of this.#waitingForReady.splice(0)) resolve();
    this.#nodes.clear();
    this.#lastError = closedReason;
    this.#endConnecting();
    if (this.#state.kind === 'available' || this.#isClosed) return;
    this.#state = { kind: 'available' };
    this.#parts.onRecovered();
  }

  #rejectPending(error: ConnectionError): void {
    this.#waitingForReady.length = 0;
    for (const pending of this.#pending.all) this.#pending.reject(pending, error);
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
      await this.#withTimeout(() => runCommand(client, 'PING', []), {
        onTimeout: (reason) => this.#markFrozen(reason),
      });
      this.#markAvailable();
    } catch {
      this.#scheduleProbe();
    }
  }
}
