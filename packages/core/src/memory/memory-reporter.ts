import { AggregatedLog, moreSecrets } from '../ports/aggregated-log.ts';
import type { LineKind } from '../ports/aggregated-log.ts';
import type { Logger } from '../ports/logger.ts';
import { nameOfKey } from '../secret/cache-key.ts';
import { safeMessage } from '../secret/errors.ts';
import type { AnySecretError } from '../secret/errors.ts';
import type { SecretEmitter, SecretEvents } from '../secret/events.ts';
import type { Counters } from '../secret/counters.ts';
import type { SecretRequest } from '../secret/secret-request.ts';
import type { Clock } from '../time/clock.ts';
import { describeDuration } from '../time/duration.ts';
import { isRotationMissed } from './entry-status.ts';
import { refOf } from './entry.ts';
import type { Entry } from './entry.ts';
import type { RotationLags } from './rotation-lags.ts';
import { minOwnTtl } from './secret-ttl.ts';

export interface MemoryReporterParts {
  readonly clock: Clock;
  readonly defaultStage: string;
  readonly logger: Logger;
  readonly events: SecretEmitter;
  readonly counters: Counters;
  readonly lags: RotationLags;
}

/** A read that returned a stale value. */
export interface StaleRead {
  /** Milliseconds since the value was fetched. */
  readonly age: number;
  readonly error: AnySecretError | undefined;
  /** Whether it is the first stale read of its outage. Only this one is logged and emitted. */
  readonly isFirst: boolean;
}

/** The lines that are logged for each secret. An outage or a rotation may concern thousands of secrets, so they are aggregated. */
const lines = {
  failed: { level: 'warn', summary: (count) => `${moreSecrets(count)} could not be fetched` },
  stale: { level: 'warn', summary: (count) => `Serving stale values of ${moreSecrets(count)}` },
  recovered: { level: 'info', summary: (count) => `${moreSecrets(count)} could be fetched again` },
  rotated: { level: 'info', summary: (count) => `${moreSecrets(count)} rotated` },
  rotationMissed: { level: 'warn', summary: (count) => `${moreSecrets(count)} were not rotated at the announced date` },
  refused: { level: 'warn', summary: (count) => `Dropped ${moreSecrets(count)} that KMS refused` },
  expired: { level: 'error', summary: (count) => `${moreSecrets(count)} expired` },
} satisfies Readonly<Record<string, LineKind>>;

/** Emits, logs and counts the changes in memory. */
export class MemoryReporter {
  readonly #parts: MemoryReporterParts;
  readonly #log: AggregatedLog;
  /** Since when the fetches of secrets in use fail, by key; the clock's `now`. Only the first failure is a warning. */
  readonly #failingSince = new Map<string, number>();
  /** The announced date of each rotation that was reported as missed, by key; milliseconds since 1970. */
  readonly #missedRotations = new Map<string, number>();

  constructor(parts: MemoryReporterParts) {
    this.#parts = parts;
    this.#log = new AggregatedLog(parts.clock, parts.logger);
  }

  servedStale(entry: Entry, { age, error, isFirst }: StaleRead): void {
    this.#parts.counters.staleReads.add();
    if (!isFirst) return;
    const ref = refOf(entry, this.#parts.defaultStage);
    const reason = error === undefined ? '' : `: ${safeMessage(error)}`;
    const message = `Serving a stale value of "${ref.name}" (age ${describeDuration(age)})${reason}`;
    this.#log.add(lines.stale, message, { secret: ref.name, age, code: error?.code });
    this.#parts.events.emit('stale', { ...ref, age, error });
  }

  /** A secret was stored in memory. `previousVersionId`: the last version that was there, even if it was dropped since. */
  stored(entry: Entry, previousVersionId: string | undefined, { isRefresh }: { readonly isRefresh: boolean }): void {
    const { clock, events, counters, defaultStage, lags, logger } = this.#parts;
    const { secret } = entry;
    const name = nameOfKey(entry.key);
    const version = secret.versionId;
    this.#logRecovery(entry.key, name);
    if (isRefresh && events.hasListener('refreshed')) {
      events.emit('refreshed', { ...refOf(entry, defaultStage), secret });
    }
    this.#reportMissedRotation(entry);
    const isRotated = previousVersionId !== undefined && previousVersionId !== version;
    if (!isRotated) {
      logger.debug?.(`Fetched secret "${name}" (version ${version}).`, { secret: name, version });
      return;
    }
    const lag = lags.arrived(entry, clock.date());
    const delay = lag === undefined ? '' : `, ${describeDuration(lag)} after the rotation`;
    const message = `Secret "${name}" rotated: version ${previousVersionId} is now ${version}${delay}.`;
    this.#log.add(lines.rotated, message, { secret: name, version, previousVersion: previousVersionId, lag });
    counters.rotations.add();
    events.emit('rotated', { ...refOf(entry, defaultStage), secret, previousVersionId, lag });
  }

  /** `isInUse`: the secret is in memory or pinned. The failure of any other secret is only in the error of its readers. */
  fetchFailed(
    { name, stage, versionId }: SecretRequest,
    error: AnySecretError,
    { key, isInUse }: { readonly key: string; readonly isInUse: boolean },
  ): void {
    const { clock, counters, events, logger } = this.#parts;
    counters.failedFetches.add();
    const isFirst = isInUse && !this.#failingSince.has(key);
    if (isFirst) {
      this.#failingSince.set(key, clock.now());
      this.#log.add(lines.failed, error.message, { secret: name, code: error.code });
    } else {
      logger.debug?.(error.message, { secret: name, code: error.code });
    }
    events.emit('failed', { name, stage, versionId, error });
  }

  dropped(entry: Entry, reason: SecretEvents['dropped']['reason'], error: AnySecretError | undefined): void {
    const { clock, defaultStage, events, logger } = this.#parts;
    const ref = refOf(entry, defaultStage);
    const { name } = ref;
    if (reason === 'refused') {
      this.#log.add(lines.refused, `Dropped secret "${name}": KMS refused it.`, { secret: name, code: error?.code });
    } else if (reason === 'expired') {
      const age = clock.now() - entry.fetchedAt;
      const message = `Secret "${name}" expired: it could not be refreshed, and its value (age ${describeDuration(age)}) is no longer served.`;
      this.#log.add(lines.expired, message, { secret: name, age });
    } else {
      logger.debug?.(`Dropped secret "${name}": ${reason}.`, { secret: name, reason });
    }
    this.#failingSince.delete(entry.key);
    this.#missedRotations.delete(entry.key);
    this.#parts.lags.forget(entry.key);
    events.emit('dropped', { ...ref, reason, error });
  }

  /** Logs the summaries that are due. */
  close(): void {
    this.#log.close();
    this.#failingSince.clear();
    this.#missedRotations.clear();
    this.#parts.lags.clear();
  }

  #reportMissedRotation(entry: Entry): void {
    const { clock, defaultStage, events } = this.#parts;
    const { key, secret } = entry;
    const nextAt = secret.rotation?.nextAt;
    if (nextAt === undefined || !isRotationMissed(nextAt, clock.date())) {
      this.#missedRotations.delete(key);
      return;
    }
    if (this.#missedRotations.get(key) === nextAt) return;
    this.#missedRotations.set(key, nextAt);
    const ref = refOf(entry, defaultStage);
    const date = new Date(nextAt).toISOString();
    const message = `KMS has not rotated secret "${ref.name}", which it announced for ${date}. Check the rotation of the secret in the KMS console.`;
    this.#log.add(lines.rotationMissed, message, { secret: ref.name, nextAt });
    events.emit('rotationMissed', { ...ref, nextAt });
  }

  #logRecovery(key: string, name: string): void {
    const since = this.#failingSince.get(key);
    if (since === undefined) return;
    this.#failingSince.delete(key);
    const failingFor = this.#parts.clock.now() - since;
    const message = `Secret "${name}" could be fetched again, after ${describeDuration(failingFor)}.`;
    this.#log.add(lines.recovered, message, { secret: name, failingFor });
  }

  raisedTtl(
    name: string,
    { property, raisedFrom }: { readonly property: string | false; readonly raisedFrom: number },
  ): void {
    this.#parts.logger.warn(
      `Secret "${name}" sets its TTL to ${raisedFrom} ms in the property "${String(property)}"; raised to the minimum of ${minOwnTtl} ms. The unit is milliseconds, not seconds.`,
    );
  }
}
