import { errorCode, errorName, isError, StoreError } from '@kms-secrets/core';

/**
 * The error replies of Redis, by their first word, with what to do about them. The rest of a reply is not shown: it may
 * quote the command.
 */
const replies: ReadonlyMap<string, string> = new Map([
  ['NOAUTH', 'Redis requires a password; set it in the URL or in the options of the client'],
  ['WRONGPASS', 'Redis rejected the user name or password'],
  [
    'NOPERM',
    'the Redis user lacks permissions; allow it the commands that the README lists, on the keys and the channel of the prefix',
  ],
  ['READONLY', 'this Redis is a read-only replica; connect to the primary'],
  ['OOM', 'Redis is out of memory and does not evict; set maxmemory-policy or raise maxmemory'],
  ['MISCONF', 'Redis refuses writes because it cannot save to its disk'],
  ['LOADING', 'Redis is still loading its data'],
  ['MASTERDOWN', 'the replica has lost its primary'],
  ['CLUSTERDOWN', 'the Redis cluster is down'],
  ['BUSY', 'Redis is busy with a script'],
]);

/** The connection failed, or Redis did not respond. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError';
}

/** No `cause`: a client attaches the command and its arguments, such as passwords, to its errors. */
export function toStoreError(error: unknown, what: string): StoreError {
  return new StoreError(`${what}: ${reasonOf(error)}.`);
}

/** What went wrong, without a full stop. */
export function reasonOf(error: unknown): string {
  if (error instanceof ConnectionError) return error.message;
  if (!isError(error)) return 'the client threw a value that is not an error';
  // Within a script, Redis 7 has no word for it: "ERR The user executing the script can't run this command or subcommand".
  const isOfScript = error.message.startsWith("ERR The user executing the script can't ");
  const message = isOfScript ? 'NOPERM' : error.message;
  const [, advice] = [...replies].find(([word]) => new RegExp(`\\b${word}\\b`, 'u').test(message)) ?? [];
  if (advice !== undefined) return advice;
  const words = [errorName(error), wordOf(errorCode(error)), wordOf(error.message)];
  return `the command failed (${words.filter((word) => word !== undefined).join(', ')})`;
}

/** Whether Redis itself responded. Any other error is one of the connection. */
export function isReply(error: unknown): boolean {
  return isError(error) && error.name === 'ReplyError';
}

function wordOf(text: unknown): string | undefined {
  return typeof text === 'string' ? /^[A-Z][A-Z\d_]{1,30}\b/u.exec(text)?.[0] : undefined;
}
