import { ProxyRefusal, proxyAdvice } from '../network/proxy-tunnel.ts';
import { parseHttpDate, retryAfterOf } from '../network/retry-after.ts';
import { errorName, isError, safeCode } from '../secret/is-error.ts';
import type { LibraryRequest, LibraryResponse } from './library-http.ts';
import { wrapDoRequest } from './library-http.ts';

/** The parts of a request of `@alicloud/credentials` and of its response that an error message may contain. */
export interface HttpLogEntry {
  readonly host: string;
  /** Absent if there was no response. */
  readonly status?: number | undefined;
  readonly code?: string | undefined;
  readonly requestId?: string | undefined;
  /** The `date` header of the response (milliseconds since 1970). */
  readonly date?: number | undefined;
  /** The delay that the response requests (ms). */
  readonly retryAfter?: number | undefined;
  /** Why there was no response: a code such as `ECONNREFUSED`, or the name of an error. */
  readonly reason?: string | undefined;
  /** What to do about a proxy that refused the connection. */
  readonly advice?: string | undefined;
}

/**
 * Appends an entry for each request of `provider` to `httpLog`. An entry contains nothing secret.
 *
 * The library's own errors contain the text of the response, but no status, code or request id.
 */
export function logRequests(provider: object, httpLog: HttpLogEntry[]): void {
  wrapDoRequest(provider, (doRequest) => async (request) => {
    trimToken(request);
    const host = loggedHost(request);
    try {
      const response = await doRequest(request);
      httpLog.push({ host, ...loggedFields(response) });
      return response;
    } catch (error) {
      httpLog.push({
        host,
        reason: reasonOf(error),
        ...(error instanceof ProxyRefusal && { advice: proxyAdvice(error), retryAfter: error.retryAfter }),
      });
      throw error;
    }
  });
}

/** The library sends the token file as it is, including the line break at its end. */
function trimToken({ bodyForm }: LibraryRequest): void {
  const token = bodyForm?.['OIDCToken'];
  if (bodyForm === undefined || token === undefined) return;
  bodyForm['OIDCToken'] = token.trim();
  if (token.trim() === '') throw Object.assign(new Error('The OIDC token is empty.'), { code: emptyTokenCode });
}

export const emptyTokenCode = 'EMPTY_TOKEN';

function loggedHost({ host, url }: LibraryRequest): string {
  try {
    return url === undefined ? (host ?? unknownHost) : new URL(url).host;
  } catch {
    return unknownHost;
  }
}

const unknownHost = 'an unknown host';

function loggedFields({ statusCode, headers, body }: LibraryResponse): Omit<HttpLogEntry, 'host'> {
  const date = parseHttpDate(headers['date']);
  const { code, requestId } = readErrorBody(body.toString('utf8'));
  // Without a date of the server, `Retry-After` is only read in seconds.
  const retryAfter = retryAfterOf(headers, date ?? Number.NaN);
  return { status: statusCode, code, requestId, date, retryAfter };
}

/** Reads the code and request id of an Alibaba Cloud error. Returns `{}` for any other body. */
function readErrorBody(text: string): Pick<HttpLogEntry, 'code' | 'requestId'> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    // Without the parser's error: its message quotes the body.
    return {};
  }
  if (typeof parsed !== 'object' || parsed === null) return {};
  const fields = new Map<string, unknown>(Object.entries(parsed));
  // Only values of the expected form are logged: anything else may be a secret.
  const field = (name: string, pattern: RegExp): string | undefined => {
    const value = fields.get(name);
    return typeof value === 'string' && pattern.test(value) ? value : undefined;
  };
  const requestId = field('RequestId', /^[\w-]{1,64}$/u);
  // STS always returns both. The JSON of a firewall in its place may have only a code.
  return { code: requestId === undefined ? undefined : field('Code', /^[A-Za-z][\w.-]{0,99}$/u), requestId };
}

/** Returns the code or the name of an error. The library's messages contain the URL with the signature and the access key id. */
export function reasonOf(error: unknown): string {
  if (!isError(error)) return 'a value that is not an Error';
  const code = safeCode(error);
  if (code !== undefined) return code;
  return /Timeout/u.test(error.name) ? 'ETIMEDOUT' : (errorName(error) ?? 'Error');
}
