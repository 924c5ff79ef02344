import { SingleFlight } from '../fetch/single-flight.ts';
import type { SecretHook } from '../ports/hook.ts';
import type { Logger } from '../ports/logger.ts';
import { ClientClosedError, isOutage, safeMessage } from '../secret/errors.ts';
import type { RecoveredSecret } from '../secret/fetch-result.ts';
import { cachedCopy, isSecret } from '../secret/secret.ts';
import type { Secret } from '../secret/secret.ts';
import type { SecretRequest } from '../secret/secret-request.ts';
import type { Clock } from '../time/clock.ts';
import { raceAbort, withTimeout } from '../time/deadline.ts';

export interface RecoveryParts {
  readonly hook: SecretHook | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Milliseconds that `recover` may take. */
  readonly timeout: number;
  /** Aborts when the client is closed. */
  readonly closing: AbortSignal;
  /** Caches a recovered secret. Returns what the read returns; see `SecretMemory.recovered`. */
  readonly cache: (key: string, request: SecretRequest, recovered: RecoveredSecret) => Secret | undefined;
}

/** Calls `SecretHook.recover` before a read fails because KMS is unavailable. Concurrent reads of a secret share one call. */
export class Recovery {
  readonly #parts: RecoveryParts;
  readonly #flights = new SingleFlight<Secret | undefined>();

  constructor(parts: RecoveryParts) {
    this.#parts = parts;
  }

  /** Whether there is a hook to call. */
  get isActive(): boolean {
    return this.#parts.hook?.recover !== undefined;
  }

  /**
   * Resolves to the secret that the hook returned, as stale, and caches it; to `undefined` without one, or if the hook fails. Rejects
   * with `ClientClosedError` only.
   */
  async recover(key: string, request: SecretRequest, error: unknown): Promise<Secret | undefined> {
    const { hook, clock, logger, timeout: ms, closing, cache } = this.#parts;
    if (hook?.recover === undefined || !isOutage(error)) return undefined;
    try {
      const recovery = this.#flights.run(key, async (isForgotten) => {
        const secret: unknown = await hook.recover?.(request, error);
        if (secret === undefined || isForgotten() || closing.aborted) return undefined;
        if (!isSecret(secret)) throw new TypeError('It did not return a Secret.');
        return cache(key, request, { secret: cachedCopy(secret, request.name), error });
      });
      // A call that hangs is abandoned, so that the next read calls the hook again.
      const onTimeout = (): undefined => {
        this.#flights.forget(key);
      };
      return await raceAbort(withTimeout(recovery, clock, { ms, onTimeout }), closing);
    } catch (reason) {
      if (closing.aborted) throw new ClientClosedError(request.name);
      logger.error(`hook.recover failed for secret "${request.name}": ${safeMessage(reason)}`);
      return undefined;
    }
  }
}
