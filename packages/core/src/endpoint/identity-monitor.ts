import type { FetchFailure } from '../ports/transport.ts';
import type { GuardedLogger } from '../ports/logger.ts';
import type { SecretEmitter } from '../secret/events.ts';
import type { IdentityStatus } from '../secret/status.ts';
import type { Clock } from '../time/clock.ts';

export interface IdentityMonitorParts {
  readonly clock: Clock;
  readonly logger: GuardedLogger;
  readonly events: SecretEmitter;
}

/** The part of an endpoint that the monitor uses. */
interface IdentifiedEndpoint {
  readonly name: string;
  readonly identity: string;
}

interface Rejection {
  readonly endpoint: string;
  readonly error: FetchFailure;
  /** The clock's `now` at the first of the consecutive rejections. */
  readonly since: number;
}

/**
 * Knows which identities of the client are rejected: the credentials, or the client key of an endpoint. Logs and emits the first
 * rejection and the end of the last one: a wrong access key fails the requests for every secret at every endpoint, and is reported
 * once.
 */
export class IdentityMonitor {
  readonly #parts: IdentityMonitorParts;
  readonly #rejections = new Map<string, Rejection>();
  #hasResponse = false;

  constructor(parts: IdentityMonitorParts) {
    this.#parts = parts;
  }

  rejected({ identity, name: endpoint }: IdentifiedEndpoint, error: FetchFailure): void {
    const { clock, logger, events } = this.#parts;
    const isFirst = this.#rejections.size === 0;
    const since = this.#rejections.get(identity)?.since ?? clock.now();
    this.#hasResponse = true;
    this.#rejections.set(identity, { endpoint, error, since });
    if (!isFirst) return;
    logger.error(
      `The identity of this client is rejected: ${error.message} Cached secrets are served as stale, and requests are retried.`,
      { endpoint, code: error.code },
    );
    events.emit('identity', { state: 'rejected', endpoint, code: error.code, message: error.message });
  }

  /** Returns whether the identity was rejected before. */
  accepted({ identity, name: endpoint }: IdentifiedEndpoint): boolean {
    this.#hasResponse = true;
    if (!this.#rejections.delete(identity)) return false;
    if (this.#rejections.size === 0) {
      this.#parts.logger.info('The identity of this client is accepted again.', { endpoint });
      this.#parts.events.emit('identity', { state: 'accepted', endpoint, code: undefined, message: undefined });
    }
    return true;
  }

  get status(): IdentityStatus {
    const [first] = this.#rejections.values();
    if (first === undefined) return { state: this.#hasResponse ? 'accepted' : 'unknown', rejection: undefined };
    const { endpoint, error, since } = first;
    const { code, message } = error;
    return { state: 'rejected', rejection: { endpoint, code, message, ago: this.#parts.clock.now() - since } };
  }
}
