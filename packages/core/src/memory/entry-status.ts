import type { AnySecretError } from '../secret/errors.ts';
import type { SecretStatus } from '../secret/status.ts';
import type { SecretRequest } from '../ports/transport.ts';
import type { Entry, Freshness } from './entry.ts';

/** An entry as an operator wants to see it: everything but the value. */
export function statusOf(
  { secret, ttl, fetchedAt, readAt, place, dueAt }: Entry,
  about: {
    readonly request: SecretRequest;
    readonly now: number;
    readonly freshness: Freshness;
    /** Why it cannot be refreshed just now. */
    readonly trouble: { readonly error: AnySecretError; readonly at: number; readonly times: number } | undefined;
  },
): SecretStatus {
  const { request, now, freshness, trouble } = about;
  return {
    name: request.name,
    stage: request.stage,
    versionId: secret.versionId,
    type: secret.type,
    age: now - fetchedAt,
    ttl,
    freshness,
    lastReadAgo: now - readAt,
    nextRefreshIn: place < 0 ? undefined : dueAt - now,
    lastFailure: trouble && {
      code: trouble.error.code,
      message: trouble.error.message,
      ago: now - trouble.at,
      times: trouble.times,
    },
  };
}
