import { isOutage, isSecretError } from '../secret/errors.ts';
import type { SecretErrorCode } from '../secret/errors.ts';
import type { ClientHealth } from '../secret/status.ts';

/** An HTTP response for any framework to send. */
export interface HttpResponse<Body extends object = object> {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** To be sent as JSON. */
  readonly body: Body;
}

/** Headers that describe the response that a route had begun. An adapter removes them before it sends `errorResponse`. */
export const contentHeaders: readonly string[] = [
  'content-type',
  'content-encoding',
  'content-language',
  'content-range',
  'content-disposition',
  'etag',
];

/** KMS returned the secret, but the program uses it wrongly: a bug, not an outage. */
const programErrors: readonly SecretErrorCode[] = ['ERR_CONFIGURATION', 'ERR_SECRET_TYPE'];

/**
 * The response of a service to its own callers when a `SecretError` ends a request: 503, or 500 for a mistake in the program,
 * and `{ code }`. `undefined` for every other error.
 *
 * Never 403 or 404, and never the message: the service's callers must not learn that a secret is denied or missing.
 */
export function errorResponse(error: unknown): HttpResponse<{ readonly code: SecretErrorCode }> | undefined {
  if (!isSecretError(error)) return undefined;
  return {
    status: isSecretError(error, programErrors) ? 500 : 503,
    headers: { 'cache-control': 'no-store', ...(isTransient(error) && { 'retry-after': '1' }) },
    body: { code: error.code },
  };
}

/** Whether a retry may succeed: after an outage, or at another instance of the service. A set needs this of all its errors. */
function isTransient(error: unknown): boolean {
  if (isSecretError(error, 'ERR_SECRET_SET')) return [...error.errors.values()].every(isTransient);
  return isOutage(error) || isSecretError(error, 'ERR_CLIENT_CLOSED');
}

/** The response to a readiness probe: 200 for `ok` and `degraded`, 503 for `failing`. */
export function healthResponse(health: ClientHealth): HttpResponse<ClientHealth> {
  return { status: health.status === 'failing' ? 503 : 200, headers: { 'cache-control': 'no-store' }, body: health };
}
