import type { SecretRef } from './events.ts';
import type {
  ClientDescription,
  ClientHealth,
  ClientStats,
  DescribeOptions,
  HealthOptions,
  SecretStatus,
} from './status.ts';

/** What monitoring may do with a client: everything that returns no value. */
export interface ClientMonitor {
  /** Whether `close()` was called. The other methods still return the last state. */
  readonly isClosed: boolean;
  /** See `SecretClient.stats`. */
  stats(): ClientStats;
  /** See `SecretClient.health`. */
  health(options?: HealthOptions): ClientHealth;
  /** See `SecretClient.describe`. */
  describe(options?: DescribeOptions): ClientDescription;
  /** See `SecretClient.statusOf`. */
  statusOf(name: string, options?: Partial<Pick<SecretRef, 'stage' | 'versionId'>>): SecretStatus | undefined;
}

/** An object that has only the methods of a monitor: a subscriber of a channel cannot reach a value through it. */
export function monitorOf(client: ClientMonitor): ClientMonitor {
  return Object.freeze({
    get isClosed() {
      return client.isClosed;
    },
    stats: () => client.stats(),
    health: (options) => client.health(options),
    describe: (options) => client.describe(options),
    statusOf: (name, options) => client.statusOf(name, options),
  } satisfies ClientMonitor);
}
