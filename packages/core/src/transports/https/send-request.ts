import type { ClientRequest, IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Agent } from 'node:https';
import { request as httpsRequest } from 'node:https';
import type { TLSSocket } from 'node:tls';
import type { Clock } from '../../time/clock.ts';
import type { ConnectionPool } from './connection-pool.ts';

/** The result of one request: a complete response, or the reason why there is none. */
export type RequestOutcome =
  | { readonly kind: 'response'; readonly status: number; readonly headers: IncomingHttpHeaders; readonly body: Buffer }
  | {
      readonly kind: 'tooLarge';
      readonly status: number;
      readonly headers: IncomingHttpHeaders;
      /** Bytes. */
      readonly limit: number;
    }
  /** The connection closed inside the response, after `received` bytes of its body. */
  | { readonly kind: 'truncated'; readonly received: number }
  | { readonly kind: 'connectTimeout'; readonly timeout: number }
  /** The server had closed the reused connection before it received the request. */
  | { readonly kind: 'staleSocket'; readonly error: Error }
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'error'; readonly error: Error; readonly certificate: PeerCertificateNames | undefined };

/** The names and the expiry date in the server's certificate, for error messages. */
export interface PeerCertificateNames {
  readonly subject: string | undefined;
  readonly altNames: string | undefined;
  readonly validTo: string | undefined;
}

/** Lets a fetch cancel its current request. */
export interface CancelHandle {
  isCancelled: boolean;
  /** Cancels the current request; `undefined` between requests. */
  cancel: (() => void) | undefined;
}

/** Where and how requests to one endpoint are sent. */
export interface RequestTarget {
  readonly pool: ConnectionPool;
  /** Without brackets and port. */
  readonly hostname: string;
  readonly port: number;
  readonly clock: Clock;
  /** Milliseconds. */
  readonly connectTimeout: number;
  /** A longer body is not read. */
  readonly maxResponseBytes: number;
}

/**
 * The headers of one request, in wire order. A plain object that belongs to this request: tracing agents copy it with
 * `Object.assign` or add `traceparent` to it, and a list of names and values does not survive either.
 */
export type RequestHeaders = Record<string, string>;

/** A signed request with the agent to send it with. */
export interface OutgoingRequest {
  readonly agent: Agent;
  readonly path: string;
  readonly headers: RequestHeaders;
  readonly body?: Buffer | undefined;
}

/** Sends one POST request and reads the response. Resolves also if the network or the server fails. */
export function sendRequest(
  target: RequestTarget,
  outgoing: OutgoingRequest,
  handle: CancelHandle,
): Promise<RequestOutcome> {
  const { agent, path, headers, body } = outgoing;
  const { pool, hostname, port, clock, connectTimeout } = target;
  return new Promise((resolve) => {
    let certificate: PeerCertificateNames | undefined;
    let isSettled = false;
    const { request, cancel } = pool.start(() =>
      httpsRequest({ agent, path, headers, host: hostname, port, method: 'POST' }),
    );
    const settle = (outcome: RequestOutcome): void => {
      // Every response emits 'close' after its end. Such a late event must not close the connection, which Node may not have
      // returned to the pool yet: it does so after the request was flushed, which can be after a fast response.
      if (isSettled) return;
      isSettled = true;
      cancelTimer?.();
      handle.cancel = undefined;
      resolve(outcome);
      if (outcome.kind !== 'response') cancel();
    };
    handle.cancel = () => settle({ kind: 'cancelled' });
    const onTimeout = (): void => settle({ kind: 'connectTimeout', timeout: connectTimeout });
    // The agent assigns an idle socket synchronously; then there is no connection to wait for.
    const cancelTimer = request.reusedSocket ? undefined : clock.setUnrefTimer(connectTimeout, onTimeout);

    if (cancelTimer !== undefined) {
      request.once('socket', (socket: TLSSocket) => {
        socket.once('secureConnect', cancelTimer);
        // If verification fails, Node destroys the socket, and with it the certificate, before it emits the error. It verifies on
        // 'secure', so an earlier listener can still read the certificate. Reading takes a tenth of the time of a handshake, so a
        // resumed session is skipped: its certificate was verified before.
        socket.prependOnceListener('secure', () => {
          if (!socket.isSessionReused()) certificate = namesOf(socket);
        });
      });
    }
    request.once('response', (response) => readResponse(response, target.maxResponseBytes, settle));
    // Stays attached: a destroyed request emits an error, too.
    request.on('error', (error) =>
      settle(isStale(request, error) ? { kind: 'staleSocket', error } : { kind: 'error', error, certificate }),
    );
    request.end(body);
  });
}

/** Whether the server closed an idle connection when it was reused. The check is the one that Node documents for `reusedSocket`. */
function isStale(request: ClientRequest, error: Error): boolean {
  return request.reusedSocket && 'code' in error && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
}

function readResponse(response: IncomingMessage, limit: number, settle: (outcome: RequestOutcome) => void): void {
  const { statusCode: status = 0, headers } = response;
  const chunks: Buffer[] = [];
  let received = 0;
  if (Number(headers['content-length'] ?? 0) > limit) {
    settle({ kind: 'tooLarge', status, headers, limit });
    return;
  }
  response.on('data', (chunk: Buffer) => {
    received += chunk.length;
    chunks.push(chunk);
    if (received > limit) settle({ kind: 'tooLarge', status, headers, limit });
  });
  response.once('end', () => settle({ kind: 'response', status, headers, body: Buffer.concat(chunks) }));
  // These have no effect after 'end'.
  response.once('error', () => settle({ kind: 'truncated', received }));
  response.once('close', () => settle({ kind: 'truncated', received }));
}

function namesOf(socket: TLSSocket): PeerCertificateNames {
  const { subject, subjectaltname, valid_to: validTo } = socket.getPeerCertificate();
  const text = Object.entries({ ...subject }).map(([name, value]) => `${name}=${String(value)}`);
  return { subject: text.length === 0 ? undefined : text.join(', '), altNames: subjectaltname, validTo };
}
