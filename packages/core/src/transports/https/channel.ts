import type { Clock } from '../../time/clock.ts';
import { FetchFailure } from '../../ports/transport.ts';
import type { ErrorResponse } from '../error-response.ts';
import type { IdentityKind } from './advice.ts';
import type { TransportError } from './classify.ts';
import { classifyError } from './classify.ts';
import { ConnectionPool } from './connection-pool.ts';
import type { RequestTarget, CancelHandle, RequestOutcome } from './send-request.ts';
import { sendRequest } from './send-request.ts';

/**
 * The maximum size of a response. KMS limits a value to 30,720 bytes and a batch to 20 secrets, so a larger body is not its.
 */
const maxResponseBytes = 1_048_576;

/** What every transport over HTTPS is made of. */
export interface HttpsOptions {
  readonly endpoint: { readonly host: string };
  /** PEM text with the authorities to trust instead of the public ones. */
  readonly ca?: string | undefined;
  /** False for an endpoint whose certificate nobody can check: then anybody on the way can read what is asked and answered. */
  readonly verifyCertificate?: boolean | undefined;
  readonly clock: Clock;
  /** Milliseconds, name look-up and TLS included. */
  readonly connectTimeout: number;
  /** Default: `maxResponseBytes`. */
  readonly maxResponseBytes?: number | undefined;
  readonly proxy?: URL | undefined;
}

/** How one API is spoken over the channel. */
export interface Dialect {
  readonly identity: IdentityKind;
  readonly readError: (body: Buffer) => ErrorResponse;
}

/** A request as it goes over the wire, signature and all. */
export interface WireRequest {
  readonly path: string;
  /** Name, value, name, value. */
  readonly headers: readonly string[];
  readonly body?: Buffer | undefined;
}

/** Writes a request; asked for another one where a kept connection turns out to be closed. */
export type BuildRequest = () => Promise<WireRequest>;

/** The way to one endpoint: sends what a transport has written, and tells as a `FetchFailure` what did not come back. */
export class HttpsChannel {
  readonly endpoint: string;
  readonly #parts: HttpsOptions;
  readonly #dialect: Dialect;
  readonly #exchangeParts: RequestTarget;
  readonly #connection: ConnectionPool;
  /** Ends a fetch that is under way, each with the reason it is given. */
  readonly #ends = new Set<(reason: unknown) => void>();
  #isClosed = false;

  constructor(parts: HttpsOptions, dialect: Dialect) {
    const { host } = parts.endpoint;
    const { hostname, port } = new URL(`https://${host}`);
    this.endpoint = host;
    this.#parts = parts;
    this.#dialect = dialect;
    const { ca, verifyCertificate: checksCertificates = true, proxy } = parts;
    this.#connection = new ConnectionPool({ ca, checksCertificates, proxy });
    this.#exchangeParts = {
      pool: this.#connection,
      hostname: hostname.replaceAll(/[[\]]/gu, ''),
      port: Number(port === '' ? 443 : port),
      clock: parts.clock,
      connectTimeout: parts.connectTimeout,
      maxResponseBytes: parts.maxResponseBytes ?? maxResponseBytes,
    };
  }

  /** Sends what `write` writes, and gives the body of an answer with status 200. Ends as soon as `signal` fires. */
  async send(write: BuildRequest, signal: AbortSignal): Promise<Buffer> {
    signal.throwIfAborted();
    if (this.#isClosed) throw this.#closedFailure();
    // By hand and not by AbortSignal.any: with a controller for each fetch that costs a tenth of a read.
    const attempt: CancelHandle = { isCancelled: false, cancel: undefined };
    return new Promise((resolve, reject) => {
      const end = (reason: unknown): void => {
        attempt.isCancelled = true;
        forget();
        reject(reason); // whatever the caller aborted with is the caller's to see
        attempt.cancel?.();
      };
      const onAbort = (): void => end(signal.reason);
      const forget = (): void => {
        signal.removeEventListener('abort', onAbort);
        this.#ends.delete(end);
      };
      signal.addEventListener('abort', onAbort);
      this.#ends.add(end);
      this.#ask(write, attempt).then(resolve, reject).finally(forget);
    });
  }

  close(): void {
    this.#isClosed = true;
    for (const end of this.#ends) end(this.#closedFailure());
    this.#connection.close();
  }

  toFailure(foreign: TransportError): FetchFailure {
    return classifyError(foreign, {
      endpoint: this.endpoint,
      proxy: this.#parts.proxy?.host,
      date: this.#parts.clock.date(),
      ...this.#dialect,
    });
  }

  async #ask(write: BuildRequest, attempt: CancelHandle): Promise<Buffer> {
    let outcome = await this.#send(write, attempt);
    if (outcome.kind === 'staleSocket') {
      // The server had closed the connection before it saw the request, which happens after every idle minute: that is no
      // failure of the endpoint, and must cost neither a wait nor a mark against it. Asking twice does no harm, for reading
      // changes nothing; the second request is written anew, and has a new connection, so there is no third.
      this.#connection.closeIdleSockets();
      outcome = await this.#send(write, attempt);
    }
    if (outcome.kind === 'answer' && outcome.status === 200) return this.#plainBody(outcome);
    throw outcome.kind === 'abandoned' ? this.#closedFailure() : this.toFailure(outcome);
  }

  async #send(write: BuildRequest, attempt: CancelHandle): Promise<RequestOutcome> {
    try {
      const request = await write();
      const agent = this.#connection.agent ?? (await this.#connection.createAgent());
      // Nobody waits any more: the reason has been told already.
      if (attempt.isCancelled) return { kind: 'abandoned' };
      return await sendRequest(this.#exchangeParts, { ...request, agent }, attempt);
    } catch (error) {
      if (error instanceof FetchFailure) throw error;
      // The request could not even be made.
      return { kind: 'error', error: error instanceof Error ? error : new Error('unknown'), certificate: undefined };
    }
  }

  #plainBody({ headers, body, status }: Extract<RequestOutcome, { readonly kind: 'answer' }>): Buffer {
    if ((headers['content-encoding'] ?? 'identity') === 'identity') return body;
    const message = `${this.endpoint} answered with a compressed body, which it was asked not to. Check for a proxy in between.`;
    throw new FetchFailure('malformed', message, { status });
  }

  #closedFailure(): FetchFailure {
    return new FetchFailure('rejected', `${this.endpoint} was not asked: its transport is closed.`);
  }
}
