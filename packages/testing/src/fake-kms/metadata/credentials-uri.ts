import { plainResponse } from '../api/response.ts';
import type { FakeFault, FaultHandle } from '../faults/fault.ts';
import type { WireRequest } from '../protocols/protocol.ts';
import { CredentialServer } from '../server/credential-server.ts';
import type { CredentialFaultScope, CredentialRequestRecord, CredentialResponse } from '../server/credential-server.ts';
import type { CalendarClock } from '../settable-clock.ts';
import type { TemporaryKeys } from '../sts/temporary-keys.ts';

/** A plain HTTP URL that returns a new temporary key for each request: the value of a client's `credentials_uri`. */
export class FakeCredentialsUri {
  readonly #server: CredentialServer;
  readonly #temporaryKeys: TemporaryKeys;
  /** In seconds. */
  #lifetime = 3600;

  constructor(parts: { temporaryKeys: TemporaryKeys; clock: CalendarClock }) {
    this.#temporaryKeys = parts.temporaryKeys;
    this.#server = new CredentialServer({
      pki: undefined,
      clock: parts.clock,
      respond: (request) => this.#respond(request),
    });
  }

  get url(): string {
    return `${this.#server.url}credentials`;
  }

  /** The number of requests, rejected ones included. */
  get calls(): number {
    return this.#server.requests.length;
  }

  get requests(): readonly CredentialRequestRecord[] {
    return this.#server.requests;
  }

  clearRequests(): void {
    this.#server.clearRequests();
  }

  /** Sets the lifetime of the keys issued from now on, in seconds. Initially 3600. Below 0, they have expired. */
  setLifetime(seconds: number): void {
    if (!Number.isInteger(seconds) || seconds === 0) {
      throw new TypeError('A lifetime must be a whole number of seconds other than 0.');
    }
    this.#lifetime = seconds;
  }

  /** Adds a fault for requests that would succeed. */
  fault(fault: FakeFault, scope: CredentialFaultScope = {}): FaultHandle {
    return this.#server.fault(fault, scope);
  }

  /** Removes all faults. */
  heal(): void {
    this.#server.heal();
  }

  /** Opens the port; after `stop`, the same one. */
  async start(): Promise<void> {
    await this.#server.start();
  }

  /** Closes the port and its connections. */
  async stop(): Promise<void> {
    await this.#server.stop();
  }

  #respond({ method, path }: WireRequest): CredentialResponse {
    const action = 'credentials';
    if (path !== '/credentials') return { action, response: plainResponse(404, 'text/plain', '404') };
    if (method !== 'GET') return { action, response: plainResponse(405, 'text/plain', '405') };
    // The credentials libraries for Java and Python reject a response without this code.
    const body = { Code: 'Success', ...this.#temporaryKeys.issue({ lifetime: this.#lifetime, canRead: () => true }) };
    return { action, response: plainResponse(200, 'application/json', JSON.stringify(body)) };
  }
}
