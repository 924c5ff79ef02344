import type { IncomingMessage, ServerResponse } from 'node:http';

import type { ApiResponse } from '../api/response.ts';
import type { Pki } from '../certificates/pki.ts';
import { FaultRegistry } from '../faults/fault-registry.ts';
import { faultResponse } from '../faults/fault-responses.ts';
import type { FakeFault, FaultHandle } from '../faults/fault.ts';
import type { WireRequest } from '../protocols/protocol.ts';
import type { CalendarClock } from '../settable-clock.ts';
import type { Connection } from './connections.ts';
import { Listener } from './listener.ts';
import { receiveRequest } from './receive-request.ts';
import { outgoingFor, sendResponse } from './send-response.ts';

/** A request for credentials. Contains no key or token, so it can be printed. */
export interface CredentialRequestRecord {
  /** Milliseconds since 1970, by the fake's clock. */
  readonly at: number;
  /** The name of the action at that server. */
  readonly action: string;
  /** `undefined` if a fault changed or suppressed the response. */
  readonly status: number | undefined;
}

export interface CredentialResponse {
  readonly action: string;
  readonly response: ApiResponse;
}

/** The requests that a fault applies to: the next `times` that would succeed. Default: all. */
export interface CredentialFaultScope {
  readonly times?: number;
}

/** Faults of these servers have no region, so any id matches. */
const anyTarget = { region: '' };

/** A server that issues credentials, on its own port, with its own request log and faults. */
export class CredentialServer {
  readonly #listener: Listener;
  readonly #isPlainHttp: boolean;
  readonly #clock: CalendarClock;
  readonly #respond: (request: WireRequest) => CredentialResponse;
  readonly #faults = new FaultRegistry();
  #requests: CredentialRequestRecord[] = [];
  #connectionCount = 0;

  constructor(parts: {
    /** `undefined` for plain HTTP. */
    pki: Pki | undefined;
    clock: CalendarClock;
    /** Default: a free port. */
    port?: number;
    respond: (request: WireRequest) => CredentialResponse;
  }) {
    this.#isPlainHttp = parts.pki === undefined;
    this.#clock = parts.clock;
    this.#respond = parts.respond;
    this.#listener = new Listener({
      pki: parts.pki,
      port: parts.port ?? 0,
      nextConnectionId: () => (this.#connectionCount += 1),
      chooseCertificate: () => this.#faults.takeCertificateFault(anyTarget) ?? 'valid',
      onHandshake: () => undefined,
      serve: (request, response, connection) => {
        void this.#serve(request, response, connection);
      },
    });
  }

  /** `127.0.0.1:PORT`. */
  get endpoint(): string {
    return `127.0.0.1:${this.#listener.port}`;
  }

  get url(): string {
    return `${this.#isPlainHttp ? 'http' : 'https'}://${this.endpoint}/`;
  }

  get requests(): readonly CredentialRequestRecord[] {
    return [...this.#requests];
  }

  clearRequests(): void {
    this.#requests = [];
  }

  fault(fault: FakeFault, scope: CredentialFaultScope): FaultHandle {
    return this.#faults.add(fault, scope.times === undefined ? {} : { times: scope.times });
  }

  heal(): void {
    this.#faults.heal();
  }

  async start(): Promise<void> {
    await this.#listener.open();
  }

  async stop(): Promise<void> {
    await this.#listener.close();
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse, connection: Connection): Promise<void> {
    const request = await receiveRequest(incoming);
    if (request === undefined) return;
    if (request === 'tooLong') {
      response.writeHead(413, { connection: 'close', 'content-length': 0 }).end();
      return;
    }
    const { action, response: regular } = this.#respond(request);
    // As at KMS, a fault never hides an invalid request.
    const fault = regular.status < 400 ? this.#faults.takeRequestFault(anyTarget, []) : undefined;
    const replacement = fault === undefined ? undefined : faultResponse(fault, 'json', 'cn-hangzhou');
    this.#requests.push({ at: this.#clock.date(), action, status: fault === undefined ? regular.status : undefined });
    const sendingFault = replacement === undefined ? fault : undefined;
    sendResponse(replacement ?? regular, sendingFault, outgoingFor(response, connection));
  }
}
