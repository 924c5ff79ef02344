/** The kind of a failed attempt. It decides what happens next. */
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

/** How to handle a failure. */
export interface FailurePolicy {
  /** Retry the same endpoint after a backoff. */
  readonly retry: boolean;
  /** Try the next endpoint. */
  readonly failover: boolean;
  /** Serve the stale value. If false, the secret is dropped from memory and from every store. */
  readonly serveStale: boolean;
}

/**
 * The one table that decides on retries, failover and stale reads.
 *
 * `serveStale` is false only for failures that KMS itself reports about the secret. A proxy's 403 page, an invalid
 * certificate or a wrong local clock revokes nothing and must not take secrets away from a running service.
 */
export const failures: Readonly<Record<FailureName, FailurePolicy>> = {
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
 * KMS error codes that mean something else than their HTTP status.
 * A `Map`, because the code comes from the network and a plain object has keys such as `constructor`.
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
  // The instance API returns this for an unknown key id.
  ['Unauthorized', 'denied'],
  ['SignatureNotMatch', 'denied'],
]);

/** The failure for an HTTP response other than 200. `code` is undefined if the body is not KMS's own format. */
export function failureOfResponse(status: number, code: string | undefined): FailureName {
  if (status === 429 || isThrottling(code)) return 'throttled';
  // Whatever the body says: a failing server cannot revoke a secret.
  if (status >= 500) return 'unavailable';
  const known = code === undefined ? undefined : kmsCodes.get(code);
  if (known !== undefined) return known;
  if (status === 401 || status === 403) return code === undefined ? 'rejected' : 'denied';
  // A redirect or a foreign error page: the response is not from KMS.
  if (code === undefined) return 'malformed';
  if (code.startsWith('Forbidden')) return 'denied';
  return 'rejected';
}

function isThrottling(code: string | undefined): boolean {
  return code === 'Rejected.Throttling' || code?.startsWith('Throttling') === true;
}
