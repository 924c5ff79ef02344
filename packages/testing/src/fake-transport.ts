import { failures, FetchFailure, isError, Secret } from '@kms-secrets/core';
import type { Clock, FailureName, SecretFields, SecretRequest, SecretTransport } from '@kms-secrets/core';

type FakeResponse = Partial<SecretFields> | FailureName | 'hang' | Error;

/**
 * A `SecretTransport` in memory, with one response per secret name. It returns the response that was set last, any number of
 * times, and records the requests. A name without a response is not found.
 */
export class FakeTransport implements SecretTransport {
  readonly endpoint: string;
  /** All requests in order. */
  readonly requests: SecretRequest[] = [];
  readonly #responses = new Map<string, FakeResponse>();
  #responseToAll: FakeResponse | undefined;
  #delay: { readonly ms: number; readonly clock: Clock } | undefined;
  #cancelled = 0;
  #isClosed = false;

  constructor(endpoint = 'kms.example') {
    this.endpoint = endpoint;
  }

  /** Sets the version of a secret. Its value is derived from the name and the version unless `fields` contains one. */
  put(name: string, versionId: string, fields: Partial<SecretFields> = {}): void {
    this.#responses.set(name, { versionId, value: `s3cret-${name}-${versionId}`, ...fields });
  }

  /** Makes requests for `name`, or for all names, hang or fail from now on. Throws a `TypeError` for an unknown failure. */
  fail(failure: FailureName | 'hang' | Error, name?: string): void {
    if (!isError(failure) && failure !== 'hang' && !Object.hasOwn(failures, failure)) {
      throw new TypeError(
        `fail() expects an error or one of hang, ${Object.keys(failures).join(', ')}, got ${JSON.stringify(failure)}.`,
      );
    }
    if (name === undefined) this.#responseToAll = failure;
    else this.#responses.set(name, failure);
  }

  /** Ends what `fail` started for all names. */
  heal(): void {
    this.#responseToAll = undefined;
  }

  /** Delays every response by `ms` on `clock` from now on. */
  delayResponses(ms: number, clock: Clock): void {
    this.#delay = { ms, clock };
  }

  /** The number of requests that were aborted before the response. */
  get cancelled(): number {
    return this.#cancelled;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  async fetch(request: SecretRequest, signal: AbortSignal): Promise<Secret> {
    this.requests.push(request);
    signal.throwIfAborted();
    const delay = this.#delay;
    if (delay !== undefined) {
      await this.#unlessAborted<void>(signal, (resolve) => delay.clock.setUnrefTimer(delay.ms, () => resolve()));
    }
    const response = this.#responseToAll ?? this.#responses.get(request.name) ?? 'notFound';
    if (isError(response)) throw response;
    if (response === 'hang') return this.#unlessAborted<never>(signal, () => () => {});
    if (typeof response === 'string')
      throw new FetchFailure(response, `Injected fault at ${this.endpoint}: ${response}.`);
    const { name, versionId = 'v1', stage = 'ACSCurrent' } = request;
    return new Secret({ name, versionId, value: '', dataType: 'text', stages: [stage], ...response });
  }

  close(): void {
    this.#isClosed = true;
  }

  /** Resolves when the operation that `start` begins resolves. An abort stops it, counts it and rejects. */
  #unlessAborted<Value>(signal: AbortSignal, start: (resolve: (value: Value) => void) => () => void): Promise<Value> {
    return new Promise((resolve, reject) => {
      const abort = (): void => {
        this.#cancelled += 1;
        stop();
        reject(signal.reason as Error);
      };
      const stop = start((value) => {
        signal.removeEventListener('abort', abort);
        resolve(value);
      });
      signal.addEventListener('abort', abort, { once: true });
    });
  }
}
