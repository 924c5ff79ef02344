import type { SecretMemory } from '../memory/memory.ts';
import { ClientClosedError, SecretUnavailableError } from '../secret/errors.ts';
import type { SecretEvents } from '../secret/events.ts';
import type { Secret } from '../secret/secret.ts';

/** A synchronous read of a secret that is neither fresh nor known to be failing. */
export interface MissedRead {
  readonly name: string;
  readonly key: string;
  readonly isClosed: boolean;
}

const notRead = 'it has not been read yet. Await get() first, or name it in the option preload and await ready()';

const reasons: Readonly<Record<SecretEvents['dropped']['reason'], string>> = {
  refused: 'KMS refused it. Await get() for the reason',
  invalidated: 'it was invalidated. Await get() to fetch it',
  expired: 'its value is too old, TTL and staleIfError have ended. Its refresh has started; await get() for the result',
  idle: 'it was not read for idleTtl, and no handle or listener kept it fresh. Await get() to fetch it',
  evicted: 'memory had more than limits.maxEntries. Await get() to fetch it',
};

/**
 * Returns the value past its TTL as stale, if it has not expired. Otherwise throws: the refusal of KMS as it is, with its own code; or
 * why the secret is not in memory.
 */
export function staleOrThrow(
  memory: Pick<SecretMemory, 'lookup' | 'status' | 'absenceOf'>,
  { name, key, isClosed }: MissedRead,
): Secret {
  if (isClosed) throw new ClientClosedError(name);
  const entry = memory.lookup(key);
  const isExpired = memory.status.of(key)?.freshness === 'expired';
  if (entry !== undefined && !isExpired) return entry.secret.asStale();
  const { refusal, last } = memory.absenceOf(key);
  if (refusal !== undefined) throw refusal;
  const reason = isExpired ? 'expired' : last?.reason;
  throw unavailable(name, reason === undefined ? notRead : reasons[reason]);
}

function unavailable(secretName: string, reason: string): SecretUnavailableError {
  return new SecretUnavailableError(`Secret "${secretName}" is not in memory: ${reason}.`, {
    secretName,
    attempts: [],
  });
}
