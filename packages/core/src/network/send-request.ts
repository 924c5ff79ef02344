import type { ClientRequest, IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import type { ConnectionAgent } from './connection-agent.ts';
import { withoutBrackets } from './proxy-tunnel.ts';
import type { Clock } from '../time/clock.ts';
import { RunningTimer } from '../time/running-timer.ts';

/** The result of one request: a complete response, or the reason why there is none. */
export type RequestOutcome =
  | {
      readonly kind: 'response';
      readonly status: number;
      readonly headers: IncomingHttpHeaders;
      readonly body: Buffer;
      readonly isReusedConnection: boolean;
    }
  | {
      readonly kind: 'tooLarge';
      readonly status: number;
      readonly headers: IncomingHttpHeaders;
      /** Bytes. */
      readonly limit: number;
    }
  /** The connection closed inside the response, after `received` bytes of its body. */
  | { readonly kind: 'truncated'; readonly received: number }
  | {
      readonly kind: 'connectTimeout';
      /** Milliseconds. */
      readonly timeout: number;
      /** The host name was not resolved in that time. */
      readonly isUnresolved: boolean;
    }
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

export interface Host {
  /** Without brackets. */
  readonly hostname: string;
  readonly port: number;
}

/** The host of an HTTPS URL. */
export function hostOf({ hostname, port }: URL): Host {
  return { hostname: withoutBrackets(hostname), port: Number(port === '' ? 443 : port) };
}

/** Where and how requests to one endpoint are sent. */
export interface RequestTarget {
  readonly agent: ConnectionAgent;
  readonly host: Host;
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
  /** Default: POST. */
  readonly method?: string | undefined;
  readonly path: string;
  readonly headers: RequestHeaders;
  readonly body?: Buffer | undefined;
}

/** A reused connection without a response for this long (ms) is probably dead. KMS responds within some 10 ms. */
const silenceLimit = 500;

/** Sends one request and reads the response. Resolves also if the network or the server fails. */
export function sendRequest(
  target: RequestTarget,
  outgoing: OutgoingRequest,
  handle: CancelHandle,
): Promise<RequestOutcome> {
  const { method = 'POST', path, headers, body } = outgoing;
  const { agent, host, clock, connectTimeout } = target;
  const { hostname, port } = host;
  return new Promise((resolve) => {
    let certificate: PeerCertificateNames | undefined;
    let isSettled = false;
    const startedAt = clock.cachedNow();
    const tunnel = agent.isProxied ? new AbortController() : undefined;
    const options = { agent, method, path, headers, host: hostname, port, tunnelSignal: tunnel?.signal };
    const request = agent.start(options);
    // The agent assigns an idle socket synchronously; then there is no connection to wait for.
    const isReused = request.reusedSocket;
    let isConnected = isReused;
    const settle = (outcome: RequestOutcome): void => {
      // Every response emits 'close' after its end. Such a late event must not close the connection, which Node may not have
      // returned to the pool yet: it does so after the request was flushed, which can be after a fast response.
      if (isSettled) return;
      isSettled = true;
      timer?.clear();
      handle.cancel = undefined;
      resolve(outcome);
      if (outcome.kind === 'response') return;
      if (!isConnected) agent.skipAddress();
      request.destroy();
      // A proxy that never responds would keep its socket.
      tunnel?.abort();
      // The idle connections may have died with this one: a retry must not wait for each of them in turn.
      if (isReused && outcome.kind === 'cancelled' && clock.now() - startedAt >= silenceLimit) agent.closeIdleSockets();
    };
    // A variable, because V8 allocates a function literal that is assigned to a property in the old generation. From there, it would keep
    // the whole fetch alive until the next full collection.
    const cancelRequest = (): void => settle({ kind: 'cancelled' });
    handle.cancel = cancelRequest;
    let timer: RunningTimer | undefined;
    if (!isReused) {
      const task = (): void =>
        settle({ kind: 'connectTimeout', timeout: connectTimeout, isUnresolved: agent.isResolving(hostname) });
      timer = new RunningTimer({ clock }, connectTimeout, task);
      request.once('socket', (socket: TLSSocket) => {
        socket.once('secureConnect', () => {
          isConnected = true;
          timer?.clear();
        });
        // If verification fails, Node destroys the socket, and with it the certificate, before it emits the error. It verifies on
        // 'secure', so an earlier listener can still read the certificate. Reading takes a tenth of the time of a handshake, so a
        // resumed session is skipped: its certificate was verified before.
        socket.prependOnceListener('secure', () => {
          if (!socket.isSessionReused()) certificate = namesOf(socket);
        });
      });
    }
    request.on('response', (response) => readResponse(response, { limit: target.maxResponseBytes, isReused }, settle));
    // Stays attached: a destroyed request emits an error, too.
    request.on('error', (error) =>
      settle(isStale(request, error) ? { kind: 'staleSocket', error } : { kind: 'error', error, certificate }),
    );
    request.end(body);
  });
}

/**
 * The server closed an idle connection while it was reused: the check that Node documents for `reusedSocket`. With the other
 * codes, the system found that the peer is gone.
 */
function isStale(request: ClientRequest, error: Error): boolean {
  return request.reusedSocket && 'code' in error && staleCodes.has(error.code);
}

const staleCodes: ReadonlySet<unknown> = new Set(['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ECONNABORTED', 'EHOSTUNREACH']);

interface ResponseOptions {
  /** Bytes. */
  readonly limit: number;
  readonly isReused: boolean;
}

function readResponse(
  response: IncomingMessage,
  { limit, isReused: isReusedConnection }: ResponseOptions,
  settle: (outcome: RequestOutcome) => void,
): void {
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
  response.on('end', () =>
    settle({
      kind: 'response',
      status,
      headers,
      body: chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks),
      isReusedConnection,
    }),
  );
  // Has no effect after 'end'. Without a listener, Node does not emit the error that would precede it.
  response.on('close', () => settle({ kind: 'truncated', received }));
}

function namesOf(socket: TLSSocket): PeerCertificateNames {
  const { subject, subjectaltname, valid_to: validTo } = socket.getPeerCertificate();
  const text = Object.entries({ ...subject }).map(([name, value]) => `${name}=${String(value)}`);
  return { subject: text.length === 0 ? undefined : text.join(', '), altNames: subjectaltname, validTo };
}
