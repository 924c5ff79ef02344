import type { Clock } from '../../time/clock.ts';
import { FetchFailure } from '../../ports/transport.ts';
import type { ErrorResponse } from '../error-response.ts';
import type { IdentityKind } from './advice.ts';
import type { TransportError } from './classify.ts';
import { classifyError } from './classify.ts';
import { ConnectionPool } from './connection-pool.ts';
import type { CancelHandle, RequestHeaders, RequestOutcome, RequestTarget } from './send-request.ts';
import { sendRequest } from './send-request.ts';
import { isError } from '../../secret/is-error.ts';

/** KMS limits a value to 30,720 bytes and a batch to 20 secrets, so a larger body is not from KMS. */
const defaultMaxResponseBytes = 1_048_576;

/** The options of every HTTPS transport. */
export interface HttpsOptions {
  /** `host` includes the port if it is not 443. */
  readonly endpoint: { readonly host: string };
  /** PEM text of the CAs to trust instead of the public ones. */
  readonly ca?: string | undefined;
  /** Default true. If false, a man in the middle can read the secrets. */
  readonly verifyCertificate?: boolean | undefined;
  readonly clock: Clock;
  /** Milliseconds for DNS, TCP and TLS. */
  readonly connectTimeout: number;
  /** Default 1 MiB. */
  readonly maxResponseBytes?: number | undefined;
  readonly proxy?: URL | undefined;
}

/** The part of an API that error handling depends on. */
export interface Dialect {
  readonly identity: IdentityKind;
  /** Reads the body of an error response. */
  readonly readError: (body: Buffer) => ErrorResponse;
}

/** A signed request. */
export interface WireRequest {
  readonly path: string;
  readonly headers: RequestHeaders;
  readonly body?: Buffer | undefined;
}

/** Builds and signs a request. Called again if the request has to be repeated on a new connection. */
export type BuildRequest = () => Promise<WireRequest>;

/** Sends the requests of a transport to one endpoint, and converts every error into a `FetchFailure`. */
export class HttpsChannel {
  readonly endpoint: string;
  readonly #options: HttpsOptions;
  readonly #dialect: Dialect;
  readonly #target: RequestTarget;
  readonly #pool: ConnectionPool;
  /** Rejects a pending `send` with the given reason and cancels its request. */
  readonly #pending = new Set<(reason: unknown) => void>();
  #isClosed = false;

  constructor(options: HttpsOptions, dialect: Dialect) {
    const { endpoint, ca, verifyCertificate = true, proxy, clock, connectTimeout } = options;
    const { maxResponseBytes = defaultMaxResponseBytes } = options;
    const { hostname, port } = new URL(`https://${endpoint.host}`);
    this.endpoint = endpoint.host;
    this.#options = options;
    this.#dialect = dialect;
    this.#pool = new ConnectionPool({ ca, verifyCertificate, proxy });
    this.#target = {
      pool: this.#pool,
      hostname: hostname.replaceAll(/[[\]]/gu, ''),
      port: Number(port === '' ? 443 : port),
      clock,
      connectTimeout,
      maxResponseBytes,
    };
  }

  /**
   * Sends a request and resolves with the body of the response, if its status is 200. Rejects with a `FetchFailure`, or with
   * the reason of `signal` as soon as it aborts.
   */
  async send(build: BuildRequest, signal: AbortSignal): Promise<Buffer> {
    signal.throwIfAborted();
    if (this.#isClosed) throw this.#closedFailure();
    // Not AbortSignal.any: with an AbortController for each fetch, it costs a tenth of a read.
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
    this.#pool.close();
  }

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
    if (outcome.kind === 'staleSocket') {
      // The server closed the idle connection before it received the request. This happens after each idle minute. It is no
      // failure of the endpoint: it must not cause a backoff or count for the circuit breaker. Repeating a read is safe. The
      // new request has its own nonce and a new connection, so it cannot be stale again.
      this.#pool.closeIdleSockets();
      outcome = await this.#sendOnce(build, handle);
    }
    if (outcome.kind === 'response' && outcome.status === 200) return this.#uncompressedBody(outcome);
    throw outcome.kind === 'cancelled' ? this.#closedFailure() : this.toFailure(outcome);
  }

  async #sendOnce(build: BuildRequest, handle: CancelHandle): Promise<RequestOutcome> {
    try {
      const request = await build();
      const agent = this.#pool.agent ?? (await this.#pool.createAgent());
      if (handle.isCancelled) return { kind: 'cancelled' };
      return await sendRequest(this.#target, { ...request, agent }, handle);
    } catch (error) {
      if (error instanceof FetchFailure) throw error;
      // Node rejects the request itself, for example an invalid character in a header.
      return { kind: 'error', error: isError(error) ? error : new Error('unknown'), certificate: undefined };
    }
  }

  #uncompressedBody({ headers, body, status }: Extract<RequestOutcome, { readonly kind: 'response' }>): Buffer {
    if ((headers['content-encoding'] ?? 'identity') === 'identity') return body;
    const message = `${this.endpoint} responded with a compressed body, although the request does not accept one. Check whether a proxy modifies responses.`;
    throw new FetchFailure('malformed', message, { status });
  }

  #closedFailure(): FetchFailure {
    return new FetchFailure('rejected', `No request was sent to ${this.endpoint}: its transport is closed.`);
  }
}
