import type { Clock } from '../time/clock.ts';
import { ClientClosedError, isOutage, messageOf } from '../secret/errors.ts';
import type { SecretHook } from '../ports/hook.ts';
import type { Logger } from '../ports/logger.ts';
import type { Secret } from '../secret/secret.ts';
import type { SecretRequest } from '../ports/transport.ts';
import { withTimeout, raceAbort } from '../time/deadline.ts';
import { SingleFlight } from '../fetch/single-flight.ts';

/** Asks the hook's `recover` before a read fails for an outage: once for all readers of a secret at the same time. */
export class Recovery {
  readonly #hook: SecretHook | undefined;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #ms: number;
  readonly #closing: AbortSignal;
  readonly #flights = new SingleFlight<Secret | undefined>();

  constructor(parts: {
    readonly hook: SecretHook | undefined;
    readonly clock: Clock;
    readonly logger: Logger;
    /** How long the hook may take; after that the read fails. */
    readonly ms: number;
    /** Fires when the client is closed. */
    readonly closing: AbortSignal;
  }) {
    this.#hook = parts.hook;
    this.#clock = parts.clock;
    this.#logger = parts.logger;
    this.#ms = parts.ms;
    this.#closing = parts.closing;
  }

  /** If the hook fails, the read fails for its own reason, not the hook's. Rejects only if the client is closed. */
  async of(key: string, request: SecretRequest, error: unknown): Promise<Secret | undefined> {
    const hook = this.#hook;
    if (hook?.recover === undefined || !isOutage(error)) return undefined;
    try {
      const recovery = this.#flights.run(key, async () => hook.recover?.(request, error));
      // One that hangs is left alone: the next read asks anew.
      const onTimeout = (): undefined => {
        this.#flights.forget(key);
      };
      const secret = await raceAbort(withTimeout(recovery, this.#clock, { ms: this.#ms, onTimeout }), this.#closing);
      return secret?.asStale();
    } catch (reason) {
      // Said as what it is: the client was closed while the hook was asked.
      if (this.#closing.aborted) throw new ClientClosedError(request.name);
      this.#logger.error(`hook.recover failed for secret "${request.name}": ${messageOf(reason)}`);
      return undefined;
    }
  }
}
