import type { IncomingHttpHeaders } from 'node:http';
import type { FailureName } from '../../secret/failures.ts';
import { failureOfResponse } from '../../secret/failures.ts';
import { errorCode, errorName, safeCode } from '../../secret/is-error.ts';
import { moduleErrorMessage } from '../../secret/module-error.ts';
import { describeThrown, withoutMessage } from '../../secret/thrown-error.ts';
import { FetchFailure, isFetchFailure, moduleFailure } from '../../ports/transport.ts';
import { parseHttpDate, retryAfterOf } from '../../network/retry-after.ts';
import { ProxyRefusal, proxyAdvice } from '../../network/proxy-tunnel.ts';
import type { ErrorResponse } from '../error-response.ts';
import { firstRequestId } from '../error-response.ts';
import type { EndpointRoute, IdentityKind } from './advice.ts';
import { adviceFor, connectAdvice } from './advice.ts';
import { describeCertificateError } from './certificate-error.ts';
import type { PeerCertificateNames, RequestOutcome } from '../../network/send-request.ts';

/** Why a request failed, or why none was sent. */
export type TransportError =
  | Exclude<RequestOutcome, { readonly kind: 'cancelled' }>
  /** The credentials provider rejected. */
  | { readonly kind: 'credentialsFailed'; readonly error: unknown }
  /** The credentials provider returned no access key id or no secret. */
  | { readonly kind: 'incompleteCredentials' }
  /** Signing with the client key failed. */
  | { readonly kind: 'signingFailed'; readonly error: unknown };

/** The parts of error handling that depend on the API. */
export interface Dialect {
  /** Selects the advice for an error response. */
  readonly identity: IdentityKind;
  /** Returns a sentence on which identity it is and where it was set. Contains no secret. */
  readonly describeIdentity?: (() => string) | undefined;
  /** Reads the body of an error response. */
  readonly readError: (body: Buffer) => ErrorResponse;
}

export interface ErrorContext extends EndpointRoute, Dialect {
  /** Milliseconds since 1970 by the clock of this machine. */
  readonly date: number;
}

/**
 * Converts an error into a `FetchFailure`.
 *
 * The message contains the endpoint, the status, the code and what to do. It never quotes a response or an error of another
 * library: the message of SignatureDoesNotMatch contains the string to sign with the access key id, and the messages of the
 * SDKs contain URLs with signatures and tokens.
 */
export function classifyError(error: TransportError, context: ErrorContext): FetchFailure {
  const failed = failureOf(error, context);
  if (failed.failure !== 'identity' || context.describeIdentity === undefined) return failed;
  return new FetchFailure('identity', `${failed.message} ${context.describeIdentity()}`, failed);
}

function failureOf(error: TransportError, context: ErrorContext): FetchFailure {
  const { endpoint } = context;
  switch (error.kind) {
    case 'response':
      return responseFailure(error, context);
    case 'tooLarge': {
      const failure = error.status === 200 ? 'malformed' : failureOfResponse(error.status, undefined);
      const message = `${endpoint} responded with more than ${error.limit} bytes, too many for a response of KMS; the rest was not read.`;
      return new FetchFailure(failure, message, {
        status: error.status,
        requestId: requestIdOf(error.headers),
        retryAfter: retryAfterOf(error.headers, context.date),
      });
    }
    case 'truncated':
      return unreachable(
        `The response of ${endpoint} was truncated: the connection closed after ${error.received} bytes.`,
        'ECONNRESET',
      );
    case 'connectTimeout':
      return unreachable(
        error.isUnresolved
          ? `The host name of ${describeRoute(context)} was not resolved within ${error.timeout} ms. ${connectAdvice(context, 'EAI_AGAIN')}`
          : `${describeRoute(context)} accepted no connection within ${error.timeout} ms. ${connectAdvice(context, 'ETIMEDOUT')}`,
        'ETIMEDOUT',
      );
    case 'staleSocket':
      return fetchFailureFromError(error.error, undefined, context);
    case 'error':
      return fetchFailureFromError(error.error, error.certificate, context);
    case 'credentialsFailed':
      // The message of a FetchFailure contains nothing secret.
      if (isFetchFailure(error.error)) {
        const { failure, message, code, status, requestId, retryAfter } = error.error;
        const details = { code, status, requestId, retryAfter };
        return new FetchFailure(failure, `No request was sent to ${endpoint}. ${message}`, details);
      }
      return identityFailure(error.error, `No request was sent to ${endpoint}: the credentials provider failed`);
    case 'signingFailed':
      return identityFailure(error.error, `No request was sent to ${endpoint}: signing with the client key failed`);
    case 'incompleteCredentials':
      return unreachable(
        `No request was sent to ${endpoint}: the credentials provider returned no access key id or no access key secret.`,
      );
    default:
      return error satisfies never;
  }
}

function responseFailure(
  response: Extract<TransportError, { readonly kind: 'response' }>,
  context: ErrorContext,
): FetchFailure {
  const { status, headers } = response;
  const { code, requestId } = context.readError(response.body);
  return fetchFailureFromResponse({
    endpoint: context.endpoint,
    status,
    code,
    requestId: requestId ?? requestIdOf(headers),
    retryAfter: retryAfterOf(headers, context.date),
    identity: context.identity,
    clockSkew: clockSkewOf(headers, context.date),
  });
}

/** An error response. */
export interface FailedResponse extends ErrorResponse {
  readonly endpoint: string;
  readonly status: number;
  /** Milliseconds. */
  readonly retryAfter?: number | undefined;
  readonly identity: IdentityKind;
  /** Milliseconds that the clock of this machine is ahead of the server's. */
  readonly clockSkew?: number | undefined;
}

/** Converts an error response into a `FetchFailure`. */
export function fetchFailureFromResponse(failed: FailedResponse): FetchFailure {
  const { endpoint, status, code, requestId, retryAfter, identity, clockSkew } = failed;
  const failure = failureOfResponse(status, code);
  const response =
    code === undefined ? `status ${status} and a body that is not from KMS` : `status ${status}, ${code}`;
  const advice = adviceFor({ failure, code, status, identity, clockSkew });
  return new FetchFailure(failure, `${endpoint} responded with ${response}. ${advice}`, {
    code,
    status,
    requestId,
    retryAfter,
  });
}

/** Converts an error of Node into a `FetchFailure`: of the network, of TLS, or because the request is invalid. */
export function fetchFailureFromError(
  error: Error,
  certificate: PeerCertificateNames | undefined,
  route: EndpointRoute,
): FetchFailure {
  const { endpoint, proxy } = route;
  const code = errorCode(error);
  // Without a certificate of the endpoint, the tunnel does not exist yet: the certificate is that of an HTTPS proxy.
  const isProxy = proxy !== undefined && certificate === undefined;
  const certificateError = describeCertificateError(error, certificate, isProxy);
  if (certificateError !== undefined) {
    const peer = isProxy ? `The proxy ${proxy}` : endpoint;
    return new FetchFailure('untrusted', `${peer} is not trusted: ${certificateError}`, {
      code,
      cause: sanitize(error, code),
    });
  }
  if (code === 'ERR_INVALID_CHAR') {
    const message = `No request was sent to ${endpoint}: the access key, token or key id contains a character that is invalid in an HTTP header.`;
    return new FetchFailure('identity', `${message} Check the credentials.`, { code });
  }
  if (error instanceof ProxyRefusal) {
    const message = `The proxy ${proxy} refused to connect to ${endpoint} with status ${error.status}. ${proxyAdvice(error)}`;
    return new FetchFailure('unreachable', message, { code: error.code, retryAfter: error.retryAfter });
  }
  const reason = reasons.get(code ?? '') ?? code ?? errorName(error) ?? 'unknown error';
  const message = `The request to ${describeRoute(route)} failed: ${reason}. ${connectAdvice(route, code ?? '')}`;
  return unreachable(message, code, sanitize(error, code));
}

/** Descriptions of system errors. Other errors are reported by their code. */
const reasons: ReadonlyMap<string, string> = new Map([
  ['ECONNREFUSED', 'connection refused (ECONNREFUSED)'],
  ['ECONNRESET', 'the connection closed before the response (ECONNRESET)'],
  ['EPIPE', 'the connection closed while the request was sent (EPIPE)'],
  ['ETIMEDOUT', 'the connection timed out (ETIMEDOUT)'],
  ['ENOTFOUND', 'the host name does not resolve (ENOTFOUND)'],
  ['EAI_AGAIN', 'the DNS server does not respond (EAI_AGAIN)'],
  ['ENETUNREACH', 'no route to the network (ENETUNREACH)'],
  ['EHOSTUNREACH', 'no route to the host (EHOSTUNREACH)'],
  ['EPROTO', 'TLS protocol error (EPROTO)'],
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'the peer does not speak TLS (ERR_SSL_WRONG_VERSION_NUMBER)'],
]);

/** Without the message of `error`, which may quote credentials, URLs or key files. */
function identityFailure(error: unknown, problem: string): FetchFailure {
  if (moduleErrorMessage(error) !== undefined) return moduleFailure(error);
  const message = `${problem}: ${describeThrown(error)}. Check its configuration.`;
  return unreachable(message, safeCode(error), withoutMessage(error));
}

function unreachable(message: string, code?: string, cause?: Error): FetchFailure {
  return new FetchFailure('unreachable' satisfies FailureName, message, { code, cause });
}

/** Copies an error without its other properties: Node's HTTP parser adds the bytes that it received (`rawPacket`). */
function sanitize(error: Error, code: string | undefined): Error {
  const copy = new Error(error.message === '' ? (code ?? error.name) : error.message);
  copy.name = error.name;
  if (error.stack !== undefined) copy.stack = error.stack;
  return Object.assign(copy, { code });
}

function describeRoute({ endpoint, proxy }: EndpointRoute): string {
  return proxy === undefined ? endpoint : `${endpoint} (through the proxy ${proxy})`;
}

function requestIdOf(headers: IncomingHttpHeaders): string | undefined {
  return firstRequestId(headers['x-acs-request-id']);
}

/** Milliseconds that the clock of this machine is ahead of the server's. */
function clockSkewOf(headers: IncomingHttpHeaders, date: number): number | undefined {
  const serverDate = parseHttpDate(headers.date);
  return serverDate === undefined ? undefined : date - serverDate;
}
