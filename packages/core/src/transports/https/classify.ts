import type { IncomingHttpHeaders } from 'node:http';
import type { FailureName } from '../../secret/failures.ts';
import { failureOfResponse } from '../../secret/failures.ts';
import { FetchFailure, isFetchFailure } from '../../ports/transport.ts';
import type { ErrorResponse } from '../error-response.ts';
import { firstRequestId } from '../error-response.ts';
import type { IdentityKind } from './advice.ts';
import { adviceFor } from './advice.ts';
import type { RequestOutcome, PeerCertificateNames } from './send-request.ts';
import { describeCertificateError } from './certificate-error.ts';

/** What went wrong at somebody else's end. */
export type TransportError =
  | Exclude<RequestOutcome, { readonly kind: 'abandoned' }>
  /** The provider of our credentials threw, or gave only half of them. */
  | { readonly kind: 'credentials'; readonly error: unknown }
  | { readonly kind: 'incompleteCredentials' }
  /** Our client key could not sign. */
  | { readonly kind: 'clientKey'; readonly error: unknown };

/** Who was asked. */
export interface EndpointRoute {
  /** The host that was asked. */
  readonly endpoint: string;
  /** The proxy's host, if one was used. */
  readonly proxy: string | undefined;
}

/** What a message needs to know besides. */
export interface ErrorContext extends EndpointRoute {
  /** Milliseconds since 1970 by our calendar. */
  readonly date: number;
  /** Who asked: what to do about a refusal depends on it. */
  readonly identity: IdentityKind;
  /** Reads the body of an answer that was no. */
  readonly readError: (body: Buffer) => ErrorResponse;
}

/**
 * The one place where foreign errors become failures of ours.
 *
 * A message tells the endpoint, the status, the code and what to do. It never quotes a reply or another library's error:
 * KMS puts the whole string it signed, access key id and all, into the Message of SignatureDoesNotMatch, and the SDKs put
 * URLs with signatures and tokens into theirs.
 */
export function classifyError(foreign: TransportError, where: ErrorContext): FetchFailure {
  const { endpoint } = where;
  switch (foreign.kind) {
    case 'answer':
      return failureOfReply(foreign, where);
    case 'tooLarge': {
      const failure = foreign.status === 200 ? 'malformed' : failureOfResponse(foreign.status, undefined);
      const message = `${endpoint} answered with more than ${foreign.limit} bytes, which no answer of KMS has; the rest was not read.`;
      return new FetchFailure(failure, message, { status: foreign.status, requestId: requestIdOf(foreign.headers) });
    }
    case 'cutShort':
      return unreachable(`The answer of ${endpoint} was cut short after ${foreign.received} bytes.`, 'ECONNRESET');
    case 'connectTimeout':
      return unreachable(
        `${route(where)} took no connection within ${foreign.timeout} ms. ${connectAdvice}`,
        'ETIMEDOUT',
      );
    case 'staleSocket':
      return failureFromError(foreign.error, undefined, where);
    case 'error':
      return failureFromError(foreign.error, foreign.certificate, where);
    case 'credentials':
      // Ours tell what it means that there are none, and quote nothing.
      if (isFetchFailure(foreign.error)) {
        const { failure, message, code, status, requestId } = foreign.error;
        return new FetchFailure(failure, `${endpoint} was not asked. ${message}`, { code, status, requestId });
      }
      return failureOfIdentity(foreign.error, `${endpoint} was not asked: the credentials provider failed`);
    case 'clientKey':
      return failureOfIdentity(foreign.error, `${endpoint} was not asked: the client key could not sign`);
    case 'incompleteCredentials':
      return unreachable(
        `${endpoint} was not asked: the credentials provider gave no access key id or no secret for it.`,
      );
    default:
      return foreign satisfies never;
  }
}

const connectAdvice = 'Check the endpoint, the network and, where there is one, the proxy.';

function failureOfReply(
  answer: Extract<TransportError, { readonly kind: 'answer' }>,
  where: ErrorContext,
): FetchFailure {
  const { status, headers } = answer;
  const { code, requestId } = where.readError(answer.body);
  return failureFromResponse({
    endpoint: where.endpoint,
    status,
    code,
    requestId: requestId ?? requestIdOf(headers),
    retryAfter: retryAfterOf(headers),
    identity: where.identity,
    clockSkew: clockAhead(headers, where.date),
  });
}

/** An answer that was no, read as far as it can be. */
export interface FailedResponse extends ErrorResponse {
  readonly endpoint: string;
  readonly status: number;
  /** Milliseconds that the server asked us to wait. */
  readonly retryAfter?: number | undefined;
  readonly identity: IdentityKind;
  /** Milliseconds that our calendar is ahead of the server's. */
  readonly clockSkew?: number | undefined;
}

export function failureFromResponse(refusal: FailedResponse): FetchFailure {
  const { endpoint, status, code, requestId, retryAfter, identity, clockSkew: ahead } = refusal;
  const failure = failureOfResponse(status, code);
  const said = code === undefined ? `status ${status} and a body that is not KMS's` : `status ${status}, ${code}`;
  const advice = adviceFor({ failure, code, status, identity, clockSkew: ahead });
  return new FetchFailure(failure, `${endpoint} answered with ${said}. ${advice}`, {
    code,
    status,
    requestId,
    retryAfter,
  });
}

/** An error of Node's: of the network, of TLS or of the request. */
export function failureFromError(
  error: Error,
  certificate: PeerCertificateNames | undefined,
  where: EndpointRoute,
): FetchFailure {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  const distrust = describeCertificateError(error, certificate);
  if (distrust !== undefined) {
    // A proxy asked by https:// is checked before there is a connection through it, so there is no certificate to tell of.
    const isProxy = where.proxy !== undefined && certificate === undefined;
    const who = isProxy ? `The proxy ${where.proxy}` : where.endpoint;
    return new FetchFailure('untrusted', `${who} is not trusted: ${distrust}`, {
      code,
      cause: slim(error, code),
    });
  }
  if (code === 'ERR_INVALID_CHAR') {
    const message = `${where.endpoint} was not asked: the access key, token or key id holds a character that no HTTP header can carry.`;
    return new FetchFailure('rejected', `${message} Check the credentials.`, { code });
  }
  const refusal =
    where.proxy === undefined ? undefined : /^Bad response: (?<status>\d+)$/u.exec(error.message)?.groups?.['status'];
  if (refusal !== undefined) {
    const advice =
      refusal === '407' ? 'Check the user name and password in its URL.' : 'Check whether it may reach KMS.';
    return unreachable(
      `The proxy ${where.proxy} refused to connect to ${where.endpoint} with status ${refusal}. ${advice}`,
    );
  }
  const message = `${route(where)} could not be asked: ${reasons.get(code ?? '') ?? code ?? error.name}. ${connectAdvice}`;
  return unreachable(message, code, slim(error, code));
}

/** System errors in words; any other is told by its code. */
const reasons: ReadonlyMap<string, string> = new Map([
  ['ECONNREFUSED', 'it refuses connections (ECONNREFUSED)'],
  ['ECONNRESET', 'the connection was closed before there was an answer (ECONNRESET)'],
  ['EPIPE', 'the connection was closed while it was asked (EPIPE)'],
  ['ETIMEDOUT', 'there was no connection in time (ETIMEDOUT)'],
  ['ENOTFOUND', 'no address is known by that name (ENOTFOUND)'],
  ['EAI_AGAIN', 'the name server does not answer (EAI_AGAIN)'],
  ['ENETUNREACH', 'there is no route to its network (ENETUNREACH)'],
  ['EHOSTUNREACH', 'there is no route to it (EHOSTUNREACH)'],
  ['EPROTO', 'what answered does not speak TLS as expected (EPROTO)'],
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'what answered does not speak TLS (ERR_SSL_WRONG_VERSION_NUMBER)'],
]);

/** Told by its kind and code alone: such errors quote what they were given. */
function failureOfIdentity(error: unknown, what: string): FetchFailure {
  const name = error instanceof Error ? error.name : 'something that is not an error';
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  const told = code === undefined ? name : `${name}, ${code}`;
  return unreachable(`${what} (${told}). Check what it needs.`, code);
}

function unreachable(message: string, code?: string, cause?: Error): FetchFailure {
  return new FetchFailure('unreachable' satisfies FailureName, message, { code, cause });
}

/**
 * The error without what hangs on it: Node's parser puts the bytes it had read (`rawPacket`) on its errors, and they may be a
 * secret's.
 */
function slim(error: Error, code: string | undefined): Error {
  const cause = new Error(error.message === '' ? (code ?? error.name) : error.message);
  cause.name = error.name;
  if (error.stack !== undefined) cause.stack = error.stack;
  return Object.assign(cause, { code });
}

function route({ endpoint, proxy }: EndpointRoute): string {
  return proxy === undefined ? endpoint : `${endpoint} (through the proxy ${proxy})`;
}

function requestIdOf(headers: IncomingHttpHeaders): string | undefined {
  return firstRequestId(headers['x-acs-request-id']);
}

/** Milliseconds, as the official SDKs read that header. */
function retryAfterOf(headers: IncomingHttpHeaders): number | undefined {
  const value = headers['x-acs-retry-after'];
  const wait = typeof value === 'string' && /^\d{1,9}$/u.test(value) ? Number(value) : 0;
  return wait > 0 ? wait : undefined;
}

/** Milliseconds that our calendar is ahead of the server's. */
function clockAhead(headers: IncomingHttpHeaders, date: number): number | undefined {
  const theirs = Date.parse(headers.date ?? '');
  return Number.isNaN(theirs) ? undefined : date - theirs;
}
