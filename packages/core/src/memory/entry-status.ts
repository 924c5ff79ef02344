import type { SecretStatus } from '../secret/status.ts';
import type { SecretRequest } from '../secret/secret-request.ts';
import { notInHeap } from './due-heap.ts';
import type { Entry, Freshness } from './entry.ts';
import type { Outage } from './outages.ts';

export interface EntryContext {
  readonly request: SecretRequest;
  readonly now: number;
  readonly freshness: Freshness;
  readonly outage: Outage | undefined;
  readonly pinned: number;
}

/** The status of an entry, without its value. */
export function entryStatus(entry: Entry, { request, now, freshness, outage, pinned }: EntryContext): SecretStatus {
  const { secret, ttl, fetchedAt, readAt, heapIndex, dueAt } = entry;
  return {
    name: request.name,
    stage: request.stage,
    versionId: secret.versionId,
    type: secret.type,
    age: now - fetchedAt,
    ttl,
    freshness,
    lastReadAgo: now - readAt,
    pinned,
    nextRefreshIn: heapIndex === notInHeap ? undefined : dueAt - now,
    lastFailure: outage && {
      code: outage.error.code,
      message: outage.error.message,
      ago: now - outage.at,
      times: outage.failures,
    },
  };
}
