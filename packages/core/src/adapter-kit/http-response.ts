import { isSecretError } from '../secret/errors.ts';
import type { SecretErrorCode } from '../secret/errors.ts';
import type { ClientHealth } from './health.ts';

/** What a service answers over HTTP, for any framework to send. */
export interface HttpAnswer<Body extends object = object> {
  readonly status: number;
  /** Names in small letters. */
  readonly headers: Readonly<Record<string, string>>;
  /** To be sent as JSON. */
  readonly body: Body;
}

/** The secret is there, but this program cannot use it: that is for its author to mend, and no outage. */
const ourFault: ReadonlySet<SecretErrorCode> = new Set(['ERR_CONFIGURATION', 'ERR_SECRET_TYPE']);
/** What is over by itself soon, or not so at the next instance. A refusal is neither. */
const passing: ReadonlySet<SecretErrorCode> = new Set([
  'ERR_SECRET_UNAVAILABLE',
  'ERR_DEADLINE_EXCEEDED',
  'ERR_CLIENT_CLOSED',
]);

/**
 * What a service answers its own callers when an error of ours ends a request: 503, or 500 where the program is wrong, and
 * `{ code }`. `undefined` for every other error, which is not ours to answer.
 *
 * Never 403 or 404, and never the message: that a secret is denied or missing is no business of the service's callers.
 */
export function errorAnswer(error: unknown): HttpAnswer<{ readonly code: SecretErrorCode }> | undefined {
  if (!isSecretError(error)) return undefined;
  const { code } = error;
  return {
    status: ourFault.has(code) ? 500 : 503,
    headers: { 'cache-control': 'no-store', ...(isPassing(error) && { 'retry-after': '1' }) },
    body: { code },
  };
}

/** Of several, all: else the caller would come back in vain. */
function isPassing(error: unknown): boolean {
  if (isSecretError(error, 'ERR_SECRET_SET')) return [...error.errors.values()].every(isPassing);
  return isSecretError(error) && passing.has(error.code);
}

/** What a probe is answered: 200 for `ok` and `degraded`, 503 for `failing`. */
export function healthAnswer(health: ClientHealth): HttpAnswer<ClientHealth> {
  return { status: health.status === 'failing' ? 503 : 200, headers: { 'cache-control': 'no-store' }, body: health };
}
