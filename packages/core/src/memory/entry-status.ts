import { safeMessage } from '../secret/errors.ts';
import type { SecretStatus } from '../secret/status.ts';
import type { SecretRequest } from '../secret/secret-request.ts';
import { startOfTick } from '../time/ticks.ts';
import { notInHeap } from './due-heap.ts';
import type { Entry, Freshness } from './entry.ts';
import type { Outage } from './outages.ts';
import type { Refusal } from './refusals.ts';
import { versionAge } from './rotation-lags.ts';

export interface EntryContext {
  readonly request: SecretRequest;
  readonly now: number;
  /** Milliseconds since 1970. */
  readonly date: number;
  readonly staleIfError: number;
  readonly freshness: Freshness;
  readonly outage: Outage | undefined;
  readonly pinned: number;
  readonly rotationLag: number | undefined;
}

/** KMS rotates a secret at most a few minutes after the announced date. After this time (ms) the rotation counts as missed. */
const missedAfter = 15 * 60_000;

/** Whether KMS has not rotated a secret that was announced to be rotated at `nextAt`. Both are in milliseconds since 1970. */
export function isRotationMissed(nextAt: number | undefined, date: number): boolean {
  // A store may have any number there. Before 1970, it is no date.
  return nextAt !== undefined && nextAt > 0 && nextAt + missedAfter <= date;
}

/** The status of an entry, without its value. */
export function entryStatus(entry: Entry, context: EntryContext): SecretStatus {
  const { request, now, date, staleIfError, freshness, outage, pinned, rotationLag } = context;
  const { secret, ttl, fetchedAt, ttlEndsAt, readAt, heapIndex, dueAt } = entry;
  const nextAt = secret.rotation?.nextAt;
  return {
    name: request.name,
    stage: request.stage,
    versionId: secret.versionId,
    type: secret.type,
    age: now - fetchedAt,
    versionAge: versionAge(secret, date),
    rotationLag,
    ttl,
    freshness,
    expiresIn: Math.max(ttlEndsAt + staleIfError - now, 0),
    lastReadAgo: now - startOfTick(readAt),
    pinned,
    nextRefreshIn: heapIndex === notInHeap ? undefined : Math.max(startOfTick(dueAt) - now, 0),
    rotation: nextAt === undefined ? undefined : { nextAt, isMissed: isRotationMissed(nextAt, date) },
    lastFailure: outage && lastFailure({ ...outage, times: outage.failures }, now),
  };
}

/** The status of a secret that is not in memory. */
export function absentStatus(
  request: SecretRequest,
  context: {
    readonly now: number;
    readonly refusal: Refusal | undefined;
    readonly outage: Outage | undefined;
    readonly pinned: number;
    readonly nextRefreshIn: number | undefined;
  },
): SecretStatus {
  const { now, refusal, outage, pinned, nextRefreshIn } = context;
  const failure = refusal ?? (outage && { ...outage, times: outage.failures });
  return {
    name: request.name,
    stage: request.stage,
    versionId: refusal?.versionId ?? request.versionId,
    type: undefined,
    age: undefined,
    versionAge: undefined,
    rotationLag: undefined,
    ttl: undefined,
    freshness: refusal === undefined ? 'missing' : 'refused',
    expiresIn: undefined,
    lastReadAgo: undefined,
    pinned,
    nextRefreshIn,
    rotation: undefined,
    lastFailure: failure && lastFailure(failure, now),
  };
}

function lastFailure(
  { error, since, at, times }: Pick<Refusal, 'error' | 'since' | 'at' | 'times'>,
  now: number,
): SecretStatus['lastFailure'] {
  return { code: error.code, message: safeMessage(error), ago: now - at, failingFor: now - since, times };
}
