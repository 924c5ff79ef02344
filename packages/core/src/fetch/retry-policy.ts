import type { RetryOptions } from '../options/options.ts';
import type { Logger } from '../ports/logger.ts';
import { PlugIn } from '../ports/plug-in.ts';
import type { FetchFailure } from '../ports/transport.ts';
import { failures } from '../secret/failures.ts';
import type { FailurePolicy } from '../secret/failures.ts';
import { fullJitter } from './backoff.ts';
import type { Backoff } from './backoff.ts';

export interface RetryPolicyParts extends Pick<RetryOptions, 'backoff' | 'classify'> {
  readonly maxAttempts: number;
  /** Milliseconds. */
  readonly baseDelay: number;
  /** Milliseconds. */
  readonly maxDelay: number;
  /** A number in [0, 1). */
  readonly random: () => number;
  readonly logger: Logger;
}

/** The maximum delay of `retry.backoff` (ms). A longer one would only use up the time of the fetch. */
const maxCustomDelay = 60_000;

/** Decides whether a failure is retried and failed over, after which delay, and whether a stale value is served. */
export class RetryPolicy {
  readonly #maxAttempts: number;
  readonly #random: () => number;
  readonly #defaultBackoff: Backoff;
  readonly #backoff: PlugIn<[attempt: number, failure: FetchFailure], number> | undefined;
  readonly #classify: PlugIn<[failure: FetchFailure], Partial<FailurePolicy>> | undefined;

  constructor({ maxAttempts, baseDelay, maxDelay, random, logger, backoff, classify }: RetryPolicyParts) {
    this.#maxAttempts = maxAttempts;
    this.#random = random;
    this.#defaultBackoff = fullJitter({ base: baseDelay, cap: maxDelay, maxAttempts });
    this.#backoff =
      backoff &&
      new PlugIn({ option: 'retry.backoff', call: backoff, parse: parseDelay, expected: 'milliseconds', logger });
    this.#classify =
      classify &&
      new PlugIn({
        option: 'retry.classify',
        call: classify,
        parse: parsePolicy,
        expected: 'an object of booleans: retry, failover, serveStale',
        logger,
      });
  }

  /** Whether no attempt follows attempt number `attempt`, whatever the plug-ins return. */
  isLast(attempt: number): boolean {
    return attempt >= this.#maxAttempts;
  }

  /** Milliseconds to wait after attempt number `attempt`; `undefined` if no attempt follows. */
  delayAfter(attempt: number, failure: FetchFailure): number | undefined {
    if (this.isLast(attempt)) return undefined;
    const custom = this.#backoff?.run(attempt, failure);
    return custom === undefined ? this.#defaultBackoff(attempt, this.#random()) : custom.result;
  }

  /**
   * The row of `failures`, as `retry.classify` changes it. It cannot set `serveStale` for a refusal of KMS, or clear it for a
   * rejected identity: that would empty the stores of a fleet because of one process.
   */
  policyOf(failure: FetchFailure): FailurePolicy {
    const policy = failures[failure.failure];
    const custom = this.#classify?.run(failure)?.result;
    if (custom === undefined) return policy;
    const canDrop = failure.failure !== 'identity' && custom.serveStale === false;
    return { ...policy, ...custom, serveStale: policy.serveStale && !canDrop };
  }
}

function parseDelay(result: unknown): number | undefined {
  return typeof result === 'number' && result >= 0 ? Math.min(result, maxCustomDelay) : undefined;
}

function parsePolicy(result: unknown): Partial<FailurePolicy> | undefined {
  if (typeof result !== 'object' || result === null) return undefined;
  const policy: { -readonly [Key in keyof FailurePolicy]?: boolean } = {};
  for (const key of ['retry', 'failover', 'serveStale'] as const) {
    const value: unknown = Reflect.get(result, key);
    if (value === undefined) continue;
    if (typeof value !== 'boolean') return undefined;
    policy[key] = value;
  }
  return policy;
}
