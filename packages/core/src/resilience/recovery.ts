import type { Clock } from '../clock.ts';
import { isOutage, messageOf } from '../errors.ts';
import type { SecretHook } from '../hook.ts';
import type { Logger } from '../logger.ts';
import type { Secret } from '../secret.ts';
import type { SecretRequest } from '../transport.ts';
import { orAfter } from './deadline.ts';
import { SingleFlight } from './single-flight.ts';

/** Asks the hook's `recover` before a read fails for an outage: once for all readers of a secret at the same time. */
export class Recovery {
  readonly #hook: SecretHook | undefined;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #ms: number;
  readonly #flights = new SingleFlight<Secret | undefined>();

  constructor(parts: {
    readonly hook: SecretHook | undefined;
    readonly clock: Clock;
    readonly logger: Logger;
    /** How long the hook may take; after that the read fails. */
    readonly ms: number;
  }) {
    this.#hook = parts.hook;
    this.#clock = parts.clock;
    this.#logger = parts.logger;
    this.#ms = parts.ms;
  }

  /** Never rejects: if the hook fails, the read fails for its own reason, not the hook's. */
  async of(key: string, request: SecretRequest, error: unknown): Promise<Secret | undefined> {
    const hook = this.#hook;
    if (hook?.recover === undefined || !isOutage(error)) return undefined;
    try {
      const recovery = this.#flights.run(key, async () => hook.recover?.(request, error));
      const secret = await orAfter(recovery, this.#clock, { ms: this.#ms, late: () => undefined });
      return secret?.asStale();
    } catch (reason) {
      this.#logger.error(`hook.recover failed for secret "${request.name}": ${messageOf(reason)}`);
      return undefined;
    }
  }
}
