import type { FetchedTimes, ResolvedOptions } from '../options/options.ts';
import type { Logger } from '../ports/logger.ts';
import { PlugIn } from '../ports/plug-in.ts';
import type { Secret } from '../secret/secret.ts';
import type { Clock } from '../time/clock.ts';
import { refreshDelay } from './schedule.ts';
import { maxOwnTtl, minOwnTtl, ttlOf } from './secret-ttl.ts';
import type { EffectiveTtl } from './secret-ttl.ts';

export interface RefreshPolicyParts {
  readonly options: Pick<ResolvedOptions, 'clock' | 'refresh' | 'secrets' | 'ttl'>;
  readonly logger: Logger;
}

/** A secret that was just stored in memory. */
export interface FetchedEntry {
  readonly secret: Secret;
  /** Milliseconds. */
  readonly ttl: number;
  /** The clock's `now`. */
  readonly fetchedAt: number;
}

/** The minimum of a TTL from `refresh.ttlOf`, and of the time to a refresh from `refresh.nextRefresh` (ms). */
const minCustomDelay = 1_000;

/** Decides how long a secret is fresh and when it is refreshed. */
export class RefreshPolicy {
  readonly #options: RefreshPolicyParts['options'];
  readonly #clock: Clock;
  readonly #ttlOf: PlugIn<[secret: Secret], number> | undefined;
  readonly #nextRefresh: PlugIn<[fetched: FetchedTimes], number> | undefined;

  constructor({ options, logger }: RefreshPolicyParts) {
    const { ttlOf: customTtl, nextRefresh } = options.refresh;
    this.#options = options;
    this.#clock = options.clock;
    this.#ttlOf =
      customTtl &&
      new PlugIn({ option: 'refresh.ttlOf', call: customTtl, parse: parseTtl, expected: 'milliseconds', logger });
    this.#nextRefresh =
      nextRefresh &&
      new PlugIn({
        option: 'refresh.nextRefresh',
        call: nextRefresh,
        parse: parseDate,
        expected: 'milliseconds since 1970',
        logger,
      });
  }

  /** The TTL of a secret that was just fetched: from `refresh.ttlOf`, else as the function `ttlOf` determines it. */
  ttlOf(name: string, secret: Secret): EffectiveTtl {
    const custom = this.#ttlOf?.run(secret)?.result;
    if (custom !== undefined) return { ttl: custom, raisedFrom: undefined };
    const { refresh, secrets, ttl: defaultTtl } = this.#options;
    const configured = secrets.get(name)?.ttl;
    return ttlOf(secret, { property: refresh.ttlProperty, floor: minOwnTtl, configured, defaultTtl });
  }

  /** Milliseconds until the refresh of a secret. */
  refreshDelay({ secret, ttl, fetchedAt }: FetchedEntry): number {
    const age = this.#clock.now() - fetchedAt;
    const date = this.#clock.date();
    const custom = this.#nextRefresh?.run({ secret, ttl, fetchedAt: date - age })?.result;
    if (custom !== undefined) return Math.max(Math.min(custom - date, ttl - age), minCustomDelay);
    const nextRotation = secret.rotation?.nextAt;
    const rotatesIn = nextRotation === undefined ? undefined : nextRotation - date;
    return refreshDelay({ ttl, age, rotatesIn, random: this.#clock.random() });
  }
}

function parseTtl(result: unknown): number | undefined {
  if (typeof result !== 'number' || !(result >= 0)) return undefined;
  return Math.min(Math.max(result, minCustomDelay), maxOwnTtl);
}

function parseDate(result: unknown): number | undefined {
  return typeof result === 'number' && Number.isFinite(result) ? result : undefined;
}
