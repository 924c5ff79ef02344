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
  /** The node of a cluster that is unavailable. */
  readonly node: string | undefined;

  constructor(message: string, node?: string) {
    super(message);
    this.node = node;
  }
}

/** No `cause`: a client attaches the command and its arguments, such as passwords, to its errors. */
export function toStoreError(error: unknown, what: string): StoreError {
  const part = error instanceof ConnectionError && error.node !== undefined ? partOf(error.node) : undefined;
  return new StoreError(`${what}: ${part === undefined ? '' : `${part}: `}${reasonOf(error)}.`, { part });
}

/** The name of a node in events and in the status of the store. */
export function partOf(node: string): string {
  return `node ${node}`;
}

/** A connection that was closed without an error. */
export const closedReason = 'the connection was closed';

/** What to do about errors of a connection, by their code. */
const connectionErrors: ReadonlyMap<string, string> = new Map([
  ['ENOTFOUND', 'the host name cannot be resolved'],
  ['EAI_AGAIN', 'the host name cannot be resolved, because DNS does not respond'],
  ['ETIMEDOUT', 'no connection in time; a firewall may drop the packets, or a server without TLS gets rediss://'],
  ['ECONNRESET', 'the connection was reset; if Redis requires TLS, use rediss://'],
  ['CERT_HAS_EXPIRED', 'the certificate of Redis has expired'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'the certificate of Redis is for another host name'],
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'Redis does not speak TLS on this port; use redis:// instead of rediss://'],
]);
const untrusted = 'the certificate of Redis is not trusted; set caFilePath or ca, or tls.ca of the client';

/** Why a connection failed. Messages of clients may contain the address or the password, so only codes are shown. */
export function connectionReason(error: unknown): string {
  const code = errorCode(error);
  if (code !== undefined && /^[A-Z\d_]{2,40}$/u.test(code)) {
    const isUntrusted = /CERT|UNABLE_TO_/u.test(code) || /ERR_TLS/u.test(code);
    return `${connectionErrors.get(code) ?? (isUntrusted ? untrusted : 'the connection failed')} (${code})`;
  }
  if (isReply(error)) return reasonOf(error);
  const message = isError(error) ? error.message : '';
  // The client repeats a command until its node responds.
  if (message.startsWith('Too many Cluster redirections')) return isDown(error) ? reasonOf(error) : closedReason;
  return /^(?:Protocol error|Unknown RESP type)/u.test(message)
    ? 'what responds at this address is not Redis'
    : closedReason;
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

/** Whether the node that holds a key cannot serve it now. */
export function isDown(error: unknown): boolean {
  return isError(error) && /\b(?:CLUSTERDOWN|LOADING|MASTERDOWN)\b/u.test(error.message);
}
