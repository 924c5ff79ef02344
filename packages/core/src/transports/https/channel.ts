import { ConnectionAgent } from '../../network/connection-agent.ts';
import { hostOf, sendRequest } from '../../network/send-request.ts';
import type { CancelHandle, RequestHeaders, RequestOutcome, RequestTarget } from '../../network/send-request.ts';
import type { Clock } from '../../time/clock.ts';
import { FetchFailure, isFetchFailure } from '../../ports/transport.ts';
import { isError } from '../../secret/is-error.ts';
import { onAbort } from '../../time/abort.ts';
import type { CancelSignal } from '../../time/abort.ts';
import { TaskList } from '../../time/task-list.ts';
import { isWorthSigningAgain } from '../renewed-identity.ts';
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
  /** Whether a secret has its `requestId`, which only a hook sees. Default: `true`. */
  readonly keepsRequestId?: boolean | undefined;
}

/** A signed request. */
export interface WireRequest {
  readonly path: string;
  readonly headers: RequestHeaders;
  readonly body?: Buffer | undefined;
}

/** One `send` of a transport. */
export interface SendCall<Result> {
  /** Cancels the request. */
  readonly signal: CancelSignal;
  /** Builds and signs a request. Called again if the request is repeated. Without a promise if all that it needs is at hand. */
  readonly build: () => WireRequest | Promise<WireRequest>;
  /** Called when KMS rejects the identity. Returns whether `build` may sign with another one now. */
  readonly discard: () => boolean | undefined;
  /** Decodes the body of a response with status 200. Throws a `FetchFailure`. */
  readonly decode: (body: Buffer) => Result;
}

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
  /** Created on first use: a client that sends no request needs no secure context. */
  #target: RequestTarget | undefined;
  /** Cancels the pending requests when the channel is closed. */
  readonly #closing = new TaskList();
  #isClosed = false;

  constructor(options: HttpsOptions, dialect: Dialect) {
    this.endpoint = options.endpoint.host;
    this.#options = options;
    this.#dialect = dialect;
  }

  /**
   * Sends a request. Resolves to the decoded response if its status is 200; otherwise rejects with a `FetchFailure`. Rejects with
   * the reason of `signal` when it aborts.
   *
   * Repeats the request once if a new signature may help.
   */
  async send<Result>({ signal, build, discard, decode }: SendCall<Result>): Promise<Result> {
    if (signal.aborted) throw signal.reason;
    if (this.#isClosed) throw this.#closedFailure();
    const handle = new Cancellation();
    const onSignal = onAbort(signal, () => handle.abort(signal.reason));
    const onClose = this.#closing.add(() => handle.abort(this.#closedFailure()));
    const startedAt = this.#options.clock.date();
    let mayReconnect = true;
    let mayRenew = true;
    try {
      for (;;) {
        const outcome = await this.#sendOnce(build, handle);
        if (outcome.kind === 'cancelled') throw handle.reason; // unchanged: the caller chose it
        if (mayReconnect && this.#isStaleConnection(outcome)) {
          // The server closed the idle connection before it received the request, as it does after each idle minute. That is no
          // failure of the endpoint, so it must not cause a backoff or count for the circuit breaker. Repeating a read is safe.
          // The new request has its own nonce and a new connection, which cannot be stale.
          mayReconnect = false;
          this.#target?.agent.closeIdleSockets();
          continue;
        }
        // A gateway without KMS behind it: the host name may have moved to another address.
        if (this.#isFromGateway(outcome, gatewayStatuses)) this.#target?.agent.renew();
        if (outcome.kind === 'response' && outcome.status === 200) return decode(this.#uncompressedBody(outcome));
        const failure = this.toFailure(outcome);
        const took = this.#options.clock.date() - startedAt;
        if (!mayRenew || !isWorthSigningAgain(failure, { took, discard })) throw failure;
        mayRenew = false;
        mayReconnect = true;
      }
    } finally {
      onSignal.remove();
      onClose.remove();
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#closing.runAll();
    this.#target?.agent.destroy();
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

  /** Not async: a request that is signed without a promise creates only the promise of its outcome. */
  #sendOnce(build: SendCall<unknown>['build'], handle: Cancellation): Promise<RequestOutcome> {
    try {
      const request = build();
      return 'then' in request ? this.#sendLater(request, handle) : this.#start(request, handle);
    } catch (error) {
      return isFetchFailure(error) ? Promise.reject(error) : Promise.resolve(notSent(error));
    }
  }

  #start(request: WireRequest, handle: Cancellation): Promise<RequestOutcome> {
    if (handle.isCancelled) return Promise.resolve({ kind: 'cancelled' });
    this.#target ??= this.#createTarget();
    return sendRequest(this.#target, request, handle);
  }

  #createTarget(): RequestTarget {
    const { clock, connectTimeout, maxResponseBytes = defaultMaxResponseBytes } = this.#options;
    const host = hostOf(new URL(`https://${this.endpoint}`));
    return { agent: new ConnectionAgent(this.#options), host, clock, connectTimeout, maxResponseBytes };
  }

  /** Sends a request that waits for credentials or a signature. */
  async #sendLater(building: Promise<WireRequest>, handle: Cancellation): Promise<RequestOutcome> {
    const cancelled = new Promise<undefined>((resolve) => {
      const stopWaiting = (): void => resolve(undefined);
      handle.cancel = stopWaiting;
    });
    try {
      const request = await Promise.race([building, cancelled]);
      return request === undefined ? { kind: 'cancelled' } : await this.#start(request, handle);
    } catch (error) {
      if (isFetchFailure(error)) throw error;
      return notSent(error);
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

/** Cancels what a `send` waits for. The first reason counts. */
class Cancellation implements CancelHandle {
  isCancelled = false;
  cancel: (() => void) | undefined;
  reason: unknown;

  abort(reason: unknown): void {
    if (this.isCancelled) return;
    this.reason = reason;
    this.isCancelled = true;
    this.cancel?.();
  }
}

/** Node refuses to send the request, for example because of an invalid character in a header. */
function notSent(error: unknown): RequestOutcome {
  return { kind: 'error', error: isError(error) ? error : new Error('unknown'), certificate: undefined };
}
