import type { Clock } from '@kms-secrets/core';
import { isError } from '@kms-secrets/core';
import { runCommand, unrefConnections } from './redis-client.ts';
import type { RedisClient } from './redis-client.ts';
import { isReply } from './redis-error.ts';

export interface FailoverCheckParts {
  readonly client: () => Promise<RedisClient>;
  readonly clock: Clock;
  /** How long a check may take (ms). */
  readonly timeout: number;
  /** The address leads to another server. */
  readonly onFailover: () => void;
}

/** Delay between two checks (ms); doubles up to the maximum while no failover is found. */
const initialDelay = 1_000;
const maxDelay = 60_000;

/**
 * Finds out whether Redis has failed over to another server while the connection to the old one stayed open. The old one then
 * responds with READONLY (it is a replica now), LOADING or MASTERDOWN (it is synchronizing), for as long as the connection lasts.
 *
 * It opens a second connection and compares the servers. So a replica that is used on purpose, and a server that is loading its data,
 * keep their connection: the client may be in use by the app.
 */
export class FailoverCheck {
  readonly #parts: FailoverCheckParts;
  #isRunning = false;
  #delay = initialDelay;
  /** The clock's `now`. */
  #lastAt = Number.NEGATIVE_INFINITY;

  constructor(parts: FailoverCheckParts) {
    this.#parts = parts;
  }

  /** Starts a check if `error` is one that a failover causes. Never throws. */
  failed(error: unknown): void {
    if (!isReply(error) || !isError(error) || !failoverReply.test(error.message)) return;
    const now = this.#parts.clock.now();
    if (this.#isRunning || now < this.#lastAt + this.#delay) return;
    // After a quiet time, the error belongs to another failover.
    const isRepeated = now < this.#lastAt + 2 * maxDelay;
    this.#delay = isRepeated ? Math.min(2 * this.#delay, maxDelay) : initialDelay;
    this.#lastAt = now;
    this.#isRunning = true;
    void this.#check()
      .catch(() => {}) // the next error starts another check
      .finally(() => {
        this.#isRunning = false;
      });
  }

  async #check(): Promise<void> {
    const client = await this.#parts.client();
    if (isCluster(client)) {
      // Its connections follow its table of slots.
      client.refreshSlotsCache();
      return;
    }
    const probe = unrefConnections(client.duplicate());
    try {
      await this.#connected(probe);
      const [current, next] = await Promise.all([serverId(client), serverId(probe)]);
      if (current === undefined || current !== next) this.#parts.onFailover();
    } finally {
      probe.disconnect();
    }
  }

  #connected(probe: RedisClient): Promise<void> {
    const { clock, timeout } = this.#parts;
    return new Promise((resolve, reject) => {
      const fail = (): void => reject(new Error('No connection for the check.'));
      const cancelTimer = clock.setUnrefTimer(timeout, fail);
      probe.on('ready', () => {
        cancelTimer();
        resolve();
      });
      probe.on('error', () => {}); // the timer ends the wait
      if (probe.status === 'wait') probe.connect().catch(() => {});
    });
  }
}

const failoverReply = /\b(?:READONLY|LOADING|MASTERDOWN|CLUSTERDOWN)\b/u;

interface ClusterClient extends RedisClient {
  refreshSlotsCache(): void;
}

function isCluster(client: RedisClient): client is ClusterClient {
  return typeof Reflect.get(client, 'refreshSlotsCache') === 'function';
}

/** The id that a server draws when it starts. `undefined` if the user may not run INFO. */
async function serverId(client: RedisClient): Promise<string | undefined> {
  const info = await runCommand(client, 'INFO', ['server']).catch(() => '');
  return /\brun_id:(?<id>\w+)/u.exec(String(info))?.groups?.['id'];
}
