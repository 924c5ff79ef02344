import { StoreError } from '@kms-secrets/core';

/** What Redis says no with, and what that means for us. Nothing else of its message is told: it may quote a command. */
const refusals: ReadonlyMap<string, string> = new Map([
  ['NOAUTH', 'Redis wants a password: put it into the URL, or into the options of the client'],
  ['WRONGPASS', 'Redis does not take this user and password'],
  [
    'NOPERM',
    'its user may not do this: allow it the commands that the README lists, on the keys and the channel of the prefix',
  ],
  ['READONLY', 'this Redis is a read-only replica: connect to the primary'],
  ['OOM', 'its memory is full, and it evicts nothing: set maxmemory-policy, or give it more'],
  ['MISCONF', 'it cannot write to its disk, and therefore refuses to change anything'],
  ['LOADING', 'it is still loading its data'],
  ['MASTERDOWN', 'it has lost its primary'],
  ['CLUSTERDOWN', 'its cluster is down'],
  ['BUSY', 'a script of somebody keeps it busy'],
]);

/** The connection is gone, or nobody answers on it: that is not an answer of Redis. */
export class ConnectionLost extends Error {
  override readonly name = 'ConnectionLost';
}

/**
 * Whatever a command failed with, as ours. Never as a cause: a client puts the command with all its arguments on its errors,
 * among them passwords.
 */
export function storeFailure(error: unknown, what: string): StoreError {
  return new StoreError(`${what}: ${reasonOf(error)}.`);
}

/** The reason alone, as the end of a sentence. */
export function reasonOf(error: unknown): string {
  if (error instanceof ConnectionLost) return error.message;
  if (!(error instanceof Error)) return 'something that is not an error was thrown';
  const [, refusal] = [...refusals].find(([word]) => new RegExp(`\\b${word}\\b`, 'u').test(error.message)) ?? [];
  if (refusal !== undefined) return refusal;
  const words = [error.name, wordOf('code' in error ? error.code : undefined), wordOf(error.message)];
  return `the command failed (${words.filter((word) => word !== undefined).join(', ')})`;
}

/** Whether Redis itself has answered; all else is trouble on the way to it. */
export function isReply(error: unknown): boolean {
  return error instanceof Error && error.name === 'ReplyError';
}

function wordOf(text: unknown): string | undefined {
  return typeof text === 'string' ? /^[A-Z][A-Z\d_]{1,30}\b/u.exec(text)?.[0] : undefined;
}
