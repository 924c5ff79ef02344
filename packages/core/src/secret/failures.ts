import { isRejectedClock, isRejectedIdentity } from './rejected-identity.ts';

/** Why an attempt failed. `failures` says how each is handled. */
export type FailureName =
  /** The quota of KMS or the queue of the endpoint is exhausted. */
  | 'throttled'
  /** KMS responded with an error of its own: 5xx. */
  | 'unavailable'
  /** No response, or none to this request: a network error, a timeout, or credentials that could not be obtained. */
  | 'unreachable'
  /** The credentials, the client key or the clock of this process: KMS or the issuer of the credentials does not accept them. */
  | 'identity'
  /** The response is not one of KMS, or not for this request. */
  | 'malformed'
  /** `SecretHook.transform` rejected the version. */
  | 'hookRejected'
  /** The certificate of the endpoint is not trusted. */
  | 'untrusted'
  /** KMS or a proxy rejected the request: it is invalid, the account has an overdue bill, or there are no credentials. */
  | 'rejected'
  /** KMS denied access to the secret. */
  | 'denied'
  /** The secret or its key is disabled or scheduled for deletion. */
  | 'disabled'
  /** The secret, or the requested version or stage of it, does not exist. */
  | 'notFound';

/** How a failure is handled. */
export interface FailurePolicy {
  /** Retry the same endpoint after a backoff. If false, the error is cached for `negativeTtl`. */
  readonly retry: boolean;
  /** Try the next endpoint. */
  readonly failover: boolean;
  /** Serve the cached value as stale. If false, it is dropped from memory and from every store. */
  readonly serveStale: boolean;
}

/**
 * The table that decides on retries, failover and stale reads. `retry.classify` can change a row for one failure.
 *
 * `serveStale` is false only for failures that KMS itself reports about the secret. A proxy's 403 page, an invalid
 * certificate, a wrong local clock or an expired access key revokes nothing. It must not take secrets away from a running
 * service, or from the other processes that share its store.
 */
export const failures: Readonly<Record<FailureName, FailurePolicy>> = {
  throttled: { retry: true, failover: true, serveStale: true },
  unavailable: { retry: true, failover: true, serveStale: true },
  unreachable: { retry: true, failover: true, serveStale: true },
  // Failed over, because an endpoint may have an identity of its own.
  identity: { retry: true, failover: true, serveStale: true },
  malformed: { retry: false, failover: true, serveStale: true },
  hookRejected: { retry: false, failover: false, serveStale: true },
  untrusted: { retry: false, failover: false, serveStale: true },
  rejected: { retry: false, failover: false, serveStale: true },
  denied: { retry: false, failover: false, serveStale: false },
  disabled: { retry: false, failover: false, serveStale: false },
  notFound: { retry: false, failover: false, serveStale: false },
};

/**
 * KMS error codes whose HTTP status alone would give another failure.
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
  // KMS received the request twice, and the response to the first one was lost.
  ['SignatureNonceUsed', 'unreachable'],
]);

/** The failure for an HTTP response with a status other than 200. `code` is `undefined` if the body is not a KMS error. */
export function failureOfResponse(status: number, code: string | undefined): FailureName {
  if (status === 429 || isThrottling(code)) return 'throttled';
  // Whatever the body says: a failing server cannot revoke a secret.
  if (status >= 500 || transientStatuses.has(status)) return 'unavailable';
  // A redirect or a foreign error page: the response is not from KMS.
  if (code === undefined) return status === 401 || status === 403 ? 'rejected' : 'malformed';
  const known = kmsCodes.get(code);
  if (known !== undefined) return known;
  if (isRejectedIdentity(code) || isRejectedClock(code) || status === 401) return 'identity';
  return isDenial(code) ? 'denied' : 'rejected';
}

/** Other codes with status 403, such as `InvalidAction` and `UnsupportedHTTPMethod`, concern the request and not the secret. */
function isDenial(code: string): boolean {
  return !isAboutAccount(code) && denialPrefixes.some((prefix) => code.startsWith(prefix));
}

const denialPrefixes: readonly string[] = ['Forbidden', 'NoPermission', 'AccessDenied'];

/** Whether KMS rejects every request of the account: an overdue bill, risk control, or an account that is not verified. */
function isAboutAccount(code: string): boolean {
  return accountPrefixes.some((prefix) => code.startsWith(prefix));
}

const accountPrefixes: readonly string[] = ['Forbidden.InDebt', 'Forbidden.RiskControl', 'Forbidden.UserVerification'];

/**
 * Statuses of a gateway that concern one request or one connection: Request Timeout, Misdirected Request and Too Early (RFC 9110,
 * RFC 8470), and nginx's Client Closed Request.
 */
const transientStatuses: ReadonlySet<number> = new Set([408, 421, 425, 499]);

function isThrottling(code: string | undefined): boolean {
  return code === 'Rejected.Throttling' || code?.startsWith('Throttling') === true;
}
