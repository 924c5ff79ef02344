import type { Clock } from '../clock.ts';
import type { Secret } from '../secret.ts';
import type { EndpointStatus } from '../status.ts';
import type { FetchFailure, SecretRequest, SecretTransport } from '../transport.ts';

/**
 * One place where KMS is asked, with the record of how it did.
 *
 * A definite no (not found, denied) is an answer: the endpoint works.
 */
export class Endpoint {
  readonly name: string;
  readonly #transport: SecretTransport;
  readonly #clock: Clock;
  readonly #onChange: (status: EndpointStatus) => void;
  #state: EndpointStatus['state'] = 'untried';
  #attempts = 0;
  #failures = 0;
  #inFlight = 0;
  #lastFailure: { readonly error: FetchFailure; readonly at: number } | undefined;

  constructor(parts: {
    readonly transport: SecretTransport;
    readonly clock: Clock;
    readonly onChange: (status: EndpointStatus) => void;
  }) {
    this.name = parts.transport.endpoint;
    this.#transport = parts.transport;
    this.#clock = parts.clock;
    this.#onChange = parts.onChange;
  }

  async fetch(request: SecretRequest, signal: AbortSignal): Promise<Secret> {
    this.#attempts += 1;
    this.#inFlight += 1;
    try {
      return await this.#transport.fetch(request, signal);
    } finally {
      this.#inFlight -= 1;
    }
  }

  answered(): void {
    this.#become('answering');
  }

  failed(error: FetchFailure): void {
    this.#failures += 1;
    this.#lastFailure = { error, at: this.#clock.now() };
    this.#become('failing');
  }

  status(): EndpointStatus {
    const last = this.#lastFailure;
    return {
      endpoint: this.name,
      state: this.#state,
      attempts: this.#attempts,
      failures: this.#failures,
      inFlight: this.#inFlight,
      lastFailure: last && {
        failure: last.error.failure,
        message: last.error.message,
        ago: this.#clock.now() - last.at,
      },
    };
  }

  async close(): Promise<void> {
    await this.#transport.close();
  }

  #become(state: EndpointStatus['state']): void {
    if (this.#state === state) return;
    // The first answer of an endpoint is what everybody expects, and no news.
    const isNews = !(this.#state === 'untried' && state === 'answering');
    this.#state = state;
    if (isNews) this.#onChange(this.status());
  }
}
