import { safeMessage } from '../secret/errors.ts';
import type { SecretHook } from '../ports/hook.ts';
import { cachedCopy, isSecret } from '../secret/secret.ts';
import type { Secret } from '../secret/secret.ts';
import { FetchFailure } from '../ports/transport.ts';
import type { SecretRequest } from '../secret/secret-request.ts';
import type { CancelSignal } from '../time/abort.ts';
import type { Clock } from '../time/clock.ts';
import { raceAbort, withTimeout } from '../time/deadline.ts';
import type { FetchOutcome } from './endpoint-race.ts';

export interface HookTransformParts {
  /** Without it, secrets are not changed. */
  readonly transform: SecretHook['transform'];
  readonly clock: Clock;
  /** Milliseconds that the hook may take for a secret from a store. */
  readonly attemptTimeout: number;
  /** Aborts when the client is closed. */
  readonly closing: AbortSignal;
}

/** Calls `SecretHook.transform`. If the hook throws or does not return a `Secret`, the failure is `hookRejected`. */
export class HookTransform {
  readonly #parts: HookTransformParts;

  constructor(parts: HookTransformParts) {
    this.#parts = parts;
  }

  /** Whether there is a hook to call. */
  get isActive(): boolean {
    return this.#parts.transform !== undefined;
  }

  /** Transforms a secret from KMS. Stops waiting for the hook when `signal` aborts. Never rejects. */
  async apply(secret: Secret, signal: CancelSignal): Promise<FetchOutcome> {
    const { transform } = this.#parts;
    if (transform === undefined) return { kind: 'secret', secret };
    try {
      const transformed: unknown = await raceAbort(Promise.resolve(transform(secret)), signal);
      if (isSecret(transformed)) return { kind: 'secret', secret: transformed };
      return rejection('hook.transform did not return a Secret.');
    } catch (cause) {
      // Not the message of the error: it may quote the secret.
      return rejection(`hook.transform rejected version ${secret.versionId}: ${safeMessage(cause)}.`);
    }
  }

  /** Transforms a secret from a store. Rejects if the hook rejects the version or exceeds `attemptTimeout`. */
  async applyToStored(secret: Secret, { name }: SecretRequest): Promise<Secret> {
    const { clock, attemptTimeout: ms, closing } = this.#parts;
    const onTimeout = (): FetchOutcome => rejection(`hook.transform did not settle within ${ms} ms (attemptTimeout).`);
    const outcome = await withTimeout(this.apply(secret, closing), clock, { ms, onTimeout });
    if (outcome.kind !== 'secret') throw new Error('The hook rejected the stored version.');
    return cachedCopy(outcome.secret, name);
  }
}

function rejection(message: string): FetchOutcome {
  return { kind: 'failed', failure: new FetchFailure('hookRejected', message) };
}
