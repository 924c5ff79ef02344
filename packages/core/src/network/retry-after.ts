/** Response headers by lower-case name. */
type Headers = Readonly<Record<string, unknown>>;

/**
 * The delay in milliseconds that a response requests; `undefined` if it requests none. KMS sends `x-acs-retry-after` in
 * milliseconds, as the official SDKs read it; gateways send `Retry-After` in seconds or as a date (RFC 9110, section 10.2.3).
 */
export function retryAfterOf(headers: Headers, date: number): number | undefined {
  const delay = parseMilliseconds(headers['x-acs-retry-after']) ?? standardDelay(headers, date);
  return delay !== undefined && delay > 0 ? delay : undefined;
}

function parseMilliseconds(value: unknown): number | undefined {
  return typeof value === 'string' && /^\d{1,9}$/u.test(value.trim()) ? Number(value) : undefined;
}

function standardDelay(headers: Headers, date: number): number | undefined {
  const value = headers['retry-after'];
  if (typeof value !== 'string') return undefined;
  if (/^\d{1,9}(?:\.\d{1,9})?$/u.test(value.trim())) return Math.ceil(Number(value) * 1_000);
  const until = parseHttpDate(value);
  // By the server's clock, if the response has its date: the clock of this machine may be wrong.
  return until === undefined ? undefined : until - (parseHttpDate(headers['date']) ?? date);
}

/** The three forms of RFC 9110, section 5.6.7. The third, of C's `asctime`, is UTC, but does not say so. */
export function parseHttpDate(value: unknown): number | undefined {
  if (typeof value !== 'string' || !/^[A-Za-z]{3,9},? /u.test(value)) return undefined;
  const date = Date.parse(value.trim().endsWith('GMT') ? value : `${value.trim()} GMT`);
  return Number.isNaN(date) ? undefined : date;
}
