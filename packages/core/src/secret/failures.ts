/** What a failed attempt was, in the terms that decide what happens next. */
export type FailureName =
  | 'throttled'
  | 'unavailable'
  | 'unreachable'
  | 'malformed'
  | 'hookRejected'
  | 'untrusted'
  | 'rejected'
  | 'denied'
  | 'disabled'
  | 'notFound';

/** What to do about a failure. */
export interface FailureKind {
  /** Ask the same endpoint again, after a wait. */
  readonly retry: boolean;
  /** Ask the next endpoint. */
  readonly failover: boolean;
  /** Serve the old value, if one is young enough. Where not, it is dropped everywhere it is kept. */
  readonly serveStale: boolean;
}

/**
 * The one table that retry, failover and stale-serving read.
 *
 * `serveStale` is false only where KMS itself said no: a proxy's 403 page, a wrong certificate or our own wrong clock
 * revokes nothing, and must not be able to take a running service's secrets away.
 */
export const failures: Readonly<Record<FailureName, FailureKind>> = {
  throttled: { retry: true, failover: true, serveStale: true },
  unavailable: { retry: true, failover: true, serveStale: true },
  unreachable: { retry: true, failover: true, serveStale: true },
  malformed: { retry: false, failover: true, serveStale: true },
  hookRejected: { retry: false, failover: false, serveStale: true },
  untrusted: { retry: false, failover: false, serveStale: true },
  rejected: { retry: false, failover: false, serveStale: true },
  denied: { retry: false, failover: false, serveStale: false },
  disabled: { retry: false, failover: false, serveStale: false },
  notFound: { retry: false, failover: false, serveStale: false },
};

/**
 * KMS error code to failure, where the HTTP status alone would not tell.
 * A `Map`, because the code comes off the wire and an object would answer `constructor`.
 * Source: KMS "common error codes", OpenAPI "common error codes".
 */
const kmsCodes: ReadonlyMap<string, FailureName> = new Map([
  ['ServiceUnavailableTemporary', 'unavailable'],
  ['ServiceUnavailable', 'unavailable'],
  ['InternalFailure', 'unavailable'],
  ['InternalError', 'unavailable'],
  ['Forbidden.ResourceNotFound', 'notFound'],
  ['Forbidden.KeyNotFound', 'disabled'],
  ['Forbidden.AliasNotFound', 'disabled'],
  ['Forbidden.KeyVersionNotFound', 'disabled'],
  ['Rejected.Disabled', 'disabled'],
  ['Rejected.PendingDeletion', 'disabled'],
  ['Rejected.Unavailable', 'disabled'],
  ['Rejected.PendingImport', 'disabled'],
  ['InvalidAccessKeyId.NotFound', 'denied'],
  ['InvalidAccessKeyId.Inactive', 'denied'],
  ['SignatureDoesNotMatch', 'denied'],
  ['InvalidSecurityToken.Expired', 'denied'],
  ['InvalidSecurityToken.Malformed', 'denied'],
  ['InvalidSecurityToken.MismatchWithAccessKey', 'denied'],
  ['MissingSecurityToken', 'denied'],
  // The instance API says that of a key id that it does not know.
  ['Unauthorized', 'denied'],
  ['SignatureNotMatch', 'denied'],
]);

/** The failure that an HTTP answer other than 200 stands for; `code` is absent where the body was not KMS's own. */
export function failureOfAnswer(status: number, code: string | undefined): FailureName {
  if (status === 429 || isThrottling(code)) return 'throttled';
  // Whatever the body says: a server in trouble refuses nothing.
  if (status >= 500) return 'unavailable';
  const known = code === undefined ? undefined : kmsCodes.get(code);
  if (known !== undefined) return known;
  if (status === 401 || status === 403) return code === undefined ? 'rejected' : 'denied';
  // A redirect, or somebody's error page: whoever answered, it was not KMS.
  if (code === undefined) return 'malformed';
  if (code.startsWith('Forbidden')) return 'denied';
  return 'rejected';
}

function isThrottling(code: string | undefined): boolean {
  return code === 'Rejected.Throttling' || code?.startsWith('Throttling') === true;
}
