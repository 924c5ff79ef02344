import { ConnectionAgent } from '../../network/connection-agent.ts';
import { hostOf, sendRequest } from '../../network/send-request.ts';
import type { CancelHandle, RequestHeaders, RequestOutcome, RequestTarget } from '../../network/send-request.ts';
import type { Clock } from '../../time/clock.ts';
import { FetchFailure, isFetchFailure } from '../../ports/transport.ts';
import { isError } from '../../secret/is-error.ts';
import type { Dialect, TransportError } from './classify.ts';
import { classifyError } from './classify.ts';

/** KMS limits a value to 30,720 bytes and a batch to 20 secrets: a larger body is not from KMS. */
const defaultMaxResponseBytes = 1_048_576;

/** The options of every HTTPS transport. */
export interface HttpsOptions {
  /** `host` includes the port if it is not 443. */
  readonly endpoint: { readonly host: string };
  /** PEM text of the CAs to trust instead of the public ones. */
  readonly ca?: string | undefined;
  /** Default: `true`. If `false`, a machine-in-the-middle can read the secrets. */
  readonly verifyCertificate?: boolean | undefined;
  readonly clock: Clock;
  /** Milliseconds for DNS, TCP and TLS. */
  readonly connectTimeout: number;
  /** Default: 1 MiB. */
  readonly maxResponseBytes?: number | undefined;
  /** The HTTP or HTTPS proxy that requests are sent through. */
  readonly proxy?: URL | undefined;
}

/** A signed request. */
export interface WireRequest {
  readonly path: string;
  readonly headers: RequestHeaders;
  readonly body?: Buffer | undefined;
}

/** Builds and signs a request. Called again if the request is repeated on a new connection. */
export type BuildRequest = () => Promise<WireRequest>;

type ApiResponse = Extract<RequestOutcome, { readonly kind: 'response' }>;

/** Statuses of a gateway that cannot reach KMS. */
const gatewayStatuses: ReadonlySet<number> = new Set([502, 503, 504]);
/** Statuses that concern the connection: Request Timeout and Misdirected Request (RFC 9110, sections 15.5.9 and 15.5.20). */
const staleStatuses: ReadonlySet<number> = new Set([408, 421]);

/** Sends the requests of a transport to one endpoint, and converts every error into a `FetchFailure`. */
export class HttpsChannel {
  readonly endpoint: string;
  readonly #options: HttpsOptions;
  readonly #dialect: Dialect;
  readonly #target: Omit<RequestTarget, 'agent'>;
  /** Created on first use: a client that sends no request needs no secure context. */
  #agent: ConnectionAgent | undefined;
  /** One function for each pending `send`: rejects it with the given reason and cancels its request. */
  readonly #pending = new Set<(reason: unknown) => void>();
  #isClosed = false;

  constructor(options: HttpsOptions, dialect: Dialect) {
    const { endpoint, clock, connectTimeout, maxResponseBytes = defaultMaxResponseBytes } = options;
    this.endpoint = endpoint.host;
    this.#options = options;
    this.#dialect = dialect;
    this.#target = {
      host: hostOf(new URL(`https://${endpoint.host}`)),
      clock,
      connectTimeout,
      maxResponseBytes,
    };
  }

  /**
   * Sends a request. Resolves to the body of the response if its status is 200; otherwise rejects with a `FetchFailure`. Rejects
   * with the reason of `signal` as soon as it aborts.
   */
  async send(build: BuildRequest, signal: AbortSignal): Promise<Buffer> {
    signal.throwIfAborted();
    if (this.#isClosed) throw this.#closedFailure();
    // Without AbortSignal.any: with an AbortController per fetch, it takes a tenth of the CPU time of a read.
    const handle: CancelHandle = { isCancelled: false, cancel: undefined };
    return new Promise((resolve, reject) => {
      const cancel = (reason: unknown): void => {
        handle.isCancelled = true;
        cleanUp();
        reject(reason); // unchanged: the caller chose the reason
        handle.cancel?.();
      };
      const onAbort = (): void => cancel(signal.reason);
      const cleanUp = (): void => {
        signal.removeEventListener('abort', onAbort);
        this.#pending.delete(cancel);
      };
      signal.addEventListener('abort', onAbort);
      this.#pending.add(cancel);
      this.#send(build, handle).then(resolve, reject).finally(cleanUp);
    });
  }

  close(): void {
    this.#isClosed = true;
    for (const cancel of this.#pending) cancel(this.#closedFailure());
    this.#agent?.destroy();
  }

  /** Converts an error of a request to this endpoint. */
  toFailure(error: TransportError): FetchFailure {
    return classifyError(error, {
      endpoint: this.endpoint,
      proxy: this.#options.proxy?.host,
      date: this.#options.clock.date(),
      ...this.#dialect,
    });
  }

  async #send(build: BuildRequest, handle: CancelHandle): Promise<Buffer> {
    let outcome = await this.#sendOnce(build, handle);
    if (this.#isStaleConnection(outcome)) {
      // The server closed the idle connection before it received the request, as it does after each idle minute. That is no
      // failure of the endpoint, so it must not cause a backoff or count for the circuit breaker. Repeating a read is safe. The
      // new request has its own nonce and a new connection, which cannot be stale.
      this.#agent?.closeIdleSockets();
      outcome = await this.#sendOnce(build, handle);
    }
    // A gateway without KMS behind it: the host name may have moved to another address.
    if (this.#isFromGateway(outcome, gatewayStatuses)) this.#agent?.renew();
    if (outcome.kind === 'response' && outcome.status === 200) return this.#uncompressedBody(outcome);
    throw outcome.kind === 'cancelled' ? this.#closedFailure() : this.toFailure(outcome);
  }

  async #sendOnce(build: BuildRequest, handle: CancelHandle): Promise<RequestOutcome> {
    try {
      const request = await build();
      if (handle.isCancelled || this.#isClosed) return { kind: 'cancelled' };
      this.#agent ??= new ConnectionAgent(this.#options);
      return await sendRequest({ ...this.#target, agent: this.#agent }, request, handle);
    } catch (error) {
      if (isFetchFailure(error)) throw error;
      // Node refuses to send the request, for example because of an invalid character in a header.
      return { kind: 'error', error: isError(error) ? error : new Error('unknown'), certificate: undefined };
    }
  }

  /** The connection had been closed, or the server closes it with a 408 or 421 as soon as it is reused. */
  #isStaleConnection(outcome: RequestOutcome): boolean {
    if (outcome.kind === 'staleSocket') return true;
    return this.#isFromGateway(outcome, staleStatuses) && outcome.isReusedConnection;
  }

  #isFromGateway(outcome: RequestOutcome, statuses: ReadonlySet<number>): outcome is ApiResponse {
    if (outcome.kind !== 'response' || !statuses.has(outcome.status)) return false;
    return this.#dialect.readError(outcome.body).code === undefined;
  }

  #uncompressedBody({ headers, body, status }: ApiResponse): Buffer {
    if ((headers['content-encoding'] ?? 'identity') === 'identity') return body;
    const message = `${this.endpoint} responded with a compressed body, although the request does not accept one. Check whether a proxy modifies responses.`;
    throw new FetchFailure('malformed', message, { status });
  }

  #closedFailure(): FetchFailure {
    return new FetchFailure('rejected', `No request was sent to ${this.endpoint}: its transport is closed.`);
  }
}
