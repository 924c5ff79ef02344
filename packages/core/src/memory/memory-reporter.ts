import type { Logger } from '../ports/logger.ts';
import type { AnySecretError } from '../secret/errors.ts';
import type { SecretEmitter, SecretEvents } from '../secret/events.ts';
import type { Counters } from '../secret/counters.ts';
import type { SecretRequest } from '../secret/secret-request.ts';
import { describeDuration } from '../time/duration.ts';
import { refOf } from './entry.ts';
import type { Entry } from './entry.ts';
import { minOwnTtl } from './secret-ttl.ts';

export interface MemoryReporterParts {
  readonly defaultStage: string;
  readonly logger: Logger;
  readonly events: SecretEmitter;
  readonly counters: Counters;
}

/** A read that returned a stale value. */
export interface StaleRead {
  /** Milliseconds since the value was fetched. */
  readonly age: number;
  readonly error: AnySecretError | undefined;
  /** Whether it is the first stale read of its outage. Only this one is logged and emitted. */
  readonly isFirst: boolean;
}

/** Emits, logs and counts the changes in memory. */
export class MemoryReporter {
  readonly #parts: MemoryReporterParts;

  constructor(parts: MemoryReporterParts) {
    this.#parts = parts;
  }

  servedStale(entry: Entry, { age, error, isFirst }: StaleRead): void {
    this.#parts.counters.staleReads.add();
    if (!isFirst) return;
    const ref = refOf(entry, this.#parts.defaultStage);
    const reason = error === undefined ? '' : `: ${error.message}`;
    this.#parts.logger.warn(`Serving a stale value of "${ref.name}" (age ${describeDuration(age)})${reason}`);
    this.#parts.events.emit('stale', { ...ref, age, error });
  }

  /** A secret was stored in memory. `previousVersionId`: the last version that was there, even if it was dropped since. */
  stored(entry: Entry, previousVersionId: string | undefined, { isRefresh }: { readonly isRefresh: boolean }): void {
    const { events, counters, defaultStage } = this.#parts;
    const event = { ...refOf(entry, defaultStage), secret: entry.secret };
    if (isRefresh) events.emit('refreshed', event);
    if (previousVersionId === undefined || previousVersionId === entry.secret.versionId) return;
    counters.rotations.add();
    events.emit('rotated', { ...event, previousVersionId });
  }

  fetchFailed({ name, stage, versionId }: SecretRequest, error: AnySecretError): void {
    this.#parts.counters.failedFetches.add();
    this.#parts.events.emit('failed', { name, stage, versionId, error });
  }

  dropped(entry: Entry, reason: SecretEvents['dropped']['reason'], error: AnySecretError | undefined): void {
    const ref = refOf(entry, this.#parts.defaultStage);
    if (reason === 'refused') this.#parts.logger.warn(`Dropped secret "${ref.name}": KMS refused it.`);
    this.#parts.events.emit('dropped', { ...ref, reason, error });
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
