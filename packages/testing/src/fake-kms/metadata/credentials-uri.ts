import { bareAnswer } from '../api/response.ts';
import type { WireRequest } from '../protocols/protocol.ts';
import type { FakeFault, FaultHandle } from '../faults/fault-registry.ts';
import type { CalendarClock } from '../settable-clock.ts';
import { CredentialServer } from '../server/credential-server.ts';
import type { SideAnswer, CredentialRequestRecord, CredentialFaultScope } from '../server/credential-server.ts';
import type { TemporaryKeys } from '../sts/temporary-keys.ts';

/** An address over plain HTTP that answers a new temporary key every time: what `credentials_uri` of a client takes. */
export class FakeCredentialsUri {
  readonly #server: CredentialServer;
  readonly #temporaryKeys: TemporaryKeys;
  #lifetime = 3600;

  constructor(parts: { temporaryKeys: TemporaryKeys; clock: CalendarClock }) {
    this.#temporaryKeys = parts.temporaryKeys;
    this.#server = new CredentialServer({
      trust: undefined,
      clock: parts.clock,
      answer: (request) => this.#answer(request),
    });
  }

  get url(): string {
    return `${this.#server.url}credentials`;
  }

  get calls(): number {
    return this.#server.requests.length;
  }

  get requests(): readonly CredentialRequestRecord[] {
    return this.#server.requests;
  }

  clearRequests(): void {
    this.#server.clearRequests();
  }

  /** How long the keys it gives from now on are good, in seconds; 3600 at the start. */
  setLifetime(seconds: number): void {
    if (!Number.isInteger(seconds) || seconds < 1) throw new TypeError('A lifetime is a whole number of seconds.');
    this.#lifetime = seconds;
  }

  /** Plants a fault for requests that would be granted. */
  fault(fault: FakeFault, scope: CredentialFaultScope = {}): FaultHandle {
    return this.#server.fault(fault, scope);
  }

  heal(): void {
    this.#server.heal();
  }

  /** Opens its port; the same one every time. */
  async start(): Promise<void> {
    await this.#server.open();
  }

  /** Closes its port and its connections. */
  async stop(): Promise<void> {
    await this.#server.shut();
  }

  #answer({ method, path }: WireRequest): SideAnswer {
    const action = 'credentials';
    if (path !== '/credentials') return { action, answer: bareAnswer(404, 'text/plain', '404') };
    if (method !== 'GET') return { action, answer: bareAnswer(405, 'text/plain', '405') };
    const credentials = this.#temporaryKeys.issue({ lifetime: this.#lifetime, rights: () => true });
    return { action, answer: bareAnswer(200, 'application/json', JSON.stringify(credentials)) };
  }
}
