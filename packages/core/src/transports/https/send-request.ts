import type { ClientRequest, IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Agent } from 'node:https';
import { request as httpsRequest } from 'node:https';
import type { TLSSocket } from 'node:tls';
import type { Clock } from '../../time/clock.ts';
import type { ConnectionPool } from './connection-pool.ts';

/** What came of one request: an answer, or what went wrong before there was a whole one. */
export type RequestOutcome =
  | { readonly kind: 'answer'; readonly status: number; readonly headers: IncomingHttpHeaders; readonly body: Buffer }
  | {
      readonly kind: 'tooLarge';
      readonly status: number;
      readonly headers: IncomingHttpHeaders;
      readonly limit: number;
    }
  | { readonly kind: 'cutShort'; readonly received: number }
  | { readonly kind: 'connectTimeout'; readonly timeout: number }
  | { readonly kind: 'staleSocket'; readonly error: Error }
  | { readonly kind: 'abandoned' }
  | { readonly kind: 'error'; readonly error: Error; readonly certificate: PeerCertificateNames | undefined };

/** Whom the certificate of the other side names. */
export interface PeerCertificateNames {
  readonly subject: string | undefined;
  readonly altNames: string | undefined;
  readonly validTo: string | undefined;
}

/** A fetch that may end before its exchange does. */
export interface CancelHandle {
  isCancelled: boolean;
  /** Ends the exchange that is under way. */
  cancel: (() => void) | undefined;
}

export interface RequestTarget {
  readonly pool: ConnectionPool;
  /** Without brackets, and without the port. */
  readonly hostname: string;
  readonly port: number;
  readonly clock: Clock;
  readonly connectTimeout: number;
  readonly maxResponseBytes: number;
}

export interface RequestMessage {
  readonly agent: Agent;
  readonly path: string;
  /** Name, value, name, value: Node writes such a list as it is, which saves a check of each. */
  readonly headers: readonly string[];
  readonly body?: Buffer | undefined;
}

/** Sends one POST and reads the answer; never rejects for what the other side does. */
export function sendRequest(
  parts: RequestTarget,
  request: RequestMessage,
  attempt: CancelHandle,
): Promise<RequestOutcome> {
  const { agent, path, headers, body } = request;
  const { pool: connection, hostname, port, clock, connectTimeout } = parts;
  return new Promise((resolve) => {
    let certificate: PeerCertificateNames | undefined;
    let isOver = false;
    const { request: sent, cancel: giveUp } = connection.start(() =>
      httpsRequest({ agent, path, headers, host: hostname, port, method: 'POST' }),
    );
    const finish = (outcome: RequestOutcome): void => {
      // What comes after the answer, as every response's 'close' does, must not give up a connection that is to be kept: Node
      // gives it back only once it knows that the request was sent, and a quick server has answered by then.
      if (isOver) return;
      isOver = true;
      stopTimer?.();
      attempt.cancel = undefined;
      resolve(outcome);
      if (outcome.kind !== 'answer') giveUp();
    };
    attempt.cancel = () => finish({ kind: 'abandoned' });
    const onTimeout = (): void => finish({ kind: 'connectTimeout', timeout: connectTimeout });
    // The agent hands out a socket that it has kept while the request is made: there is nothing to wait for then.
    const stopTimer = sent.reusedSocket ? undefined : clock.setUnrefTimer(connectTimeout, onTimeout);

    if (stopTimer !== undefined) {
      sent.once('socket', (socket: TLSSocket) => {
        socket.once('secureConnect', stopTimer);
        // When the check fails Node closes the socket before it reports why, and the certificate is gone with it. 'secure'
        // is what its own check listens to; a listener before that one still finds the certificate. Reading it takes a tenth of
        // a handshake; one that resumes a session has a certificate that was checked before.
        socket.prependOnceListener('secure', () => {
          if (!socket.isSessionReused()) certificate = namesOf(socket);
        });
      });
    }
    sent.once('response', (response) => readReply(response, parts.maxResponseBytes, finish));
    // A request that was given up reports that as an error too: it must always have a listener.
    sent.on('error', (error) =>
      finish(isStale(sent, error) ? { kind: 'staleSocket', error } : { kind: 'error', error, certificate }),
    );
    sent.end(body);
  });
}

/** A server may close a kept connection just when it is used again; Node's documentation of `reusedSocket` says how to tell. */
function isStale(request: ClientRequest, error: Error): boolean {
  return request.reusedSocket && 'code' in error && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
}

function readReply(response: IncomingMessage, limit: number, finish: (outcome: RequestOutcome) => void): void {
  const { statusCode: status = 0, headers } = response;
  const chunks: Buffer[] = [];
  let received = 0;
  if (Number(headers['content-length'] ?? 0) > limit) {
    finish({ kind: 'tooLarge', status, headers, limit });
    return;
  }
  response.on('data', (chunk: Buffer) => {
    received += chunk.length;
    chunks.push(chunk);
    if (received > limit) finish({ kind: 'tooLarge', status, headers, limit });
  });
  response.once('end', () => finish({ kind: 'answer', status, headers, body: Buffer.concat(chunks) }));
  // After a whole reply this comes too late to change anything; before it, the reply was cut short.
  response.once('error', () => finish({ kind: 'cutShort', received }));
  response.once('close', () => finish({ kind: 'cutShort', received }));
}

function namesOf(socket: TLSSocket): PeerCertificateNames {
  const { subject, subjectaltname, valid_to: validTo } = socket.getPeerCertificate();
  const text = Object.entries({ ...subject }).map(([name, value]) => `${name}=${String(value)}`);
  return { subject: text.length === 0 ? undefined : text.join(', '), altNames: subjectaltname, validTo };
}
