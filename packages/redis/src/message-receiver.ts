import type { Clock } from '@kms-secrets/core';
import { addressOf, duplicateNode, isCluster } from './cluster.ts';
import type { NodeAddress } from './cluster.ts';
import type { Connection } from './connection.ts';
import type { Outages } from './outages.ts';
import { unrefConnections } from './redis-client.ts';
import type { RedisClient } from './redis-client.ts';
import { reasonOf } from './redis-error.ts';
import { Subscription } from './subscription.ts';

export interface MessageReceiverParts {
  readonly connection: Connection;
  readonly channel: string;
  readonly clock: Clock;
  readonly timeout: number;
  readonly outages: Outages;
  /** For each new connection, after it has subscribed. */
  readonly onSubscribed: () => void;
}

/** Receives the messages of other processes: from a single server, or from any node of a cluster that responds. */
export class MessageReceiver {
  readonly #parts: MessageReceiverParts;
  #opened: Promise<Subscription | undefined> | undefined;
  /** The node of the last connection. The next one is to another node. */
  #last: NodeAddress | undefined;
  #isClosed = false;

  constructor(parts: MessageReceiverParts) {
    this.#parts = parts;
  }

  /** `onMessage` is made when the keys are derived. Does nothing if it is open already. */
  open(onMessage: Promise<(message: Uint8Array) => void>): void {
    this.#opened ??= this.#open(onMessage);
  }

  /** Continues on another connection. With `node`, only if this one is to that node of a cluster. */
  async move(reason: string, node?: NodeAddress): Promise<void> {
    const subscription = await this.#opened;
    const { client } = subscription ?? {};
    if (node === undefined || (client !== undefined && addressOf(client) === node)) subscription?.move(reason);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const subscription = await this.#opened;
    subscription?.close();
  }

  async #open(onMessage: Promise<(message: Uint8Array) => void>): Promise<Subscription | undefined> {
    const { connection, channel, clock, timeout, outages, onSubscribed } = this.#parts;
    try {
      const [receive, client] = await Promise.all([onMessage, connection.client()]);
      if (this.#isClosed) return undefined;
      const part = 'messages';
      return new Subscription({
        open: () => this.#makeClient(client),
        channel,
        clock,
        timeout,
        onMessage: receive,
        onLost: (reason) => (isCluster(client) ? outages.partFailed(part, reason) : outages.failed('messages', reason)),
        onSubscribed: () => {
          if (isCluster(client)) outages.partRecovered(part);
          else outages.recovered('messages');
          onSubscribed();
        },
      });
    } catch (error) {
      // Neither ioredis nor iovalkey is installed: every command rejects with the same reason.
      outages.failed('messages', reasonOf(error));
      return undefined;
    }
  }

  #makeClient(client: RedisClient): RedisClient | undefined {
    const { connection, clock } = this.#parts;
    if (!isCluster(client)) return unrefConnections(client.duplicate());
    const isBad = (node: NodeAddress | undefined): boolean => node === this.#last || connection.isUnavailable(node);
    const made = duplicateNode(client, isBad, clock.random());
    this.#last = made && addressOf(made);
    return made && unrefConnections(made);
  }
}
