import type { IncomingMessage, ServerResponse } from 'node:http';

import type { Answer } from '../api/response.ts';
import type { Pki } from '../certificates/pki.ts';
import type { Connection } from './connections.ts';
import { deliver } from './send-response.ts';
import type { WireRequest } from '../protocols/protocol.ts';
import { outgoingOver, readRequest } from './receive-request.ts';
import { FaultBoard } from '../faults/fault-registry.ts';
import type { FakeFault, FaultHandle } from '../faults/fault-registry.ts';
import { faultyAnswer } from '../faults/fault-responses.ts';
import { Listener } from './listener.ts';
import type { CalendarClock } from '../settable-clock.ts';

/** A request beside those for secrets. Holds no key and no token: it may be printed. */
export interface CredentialRequestRecord {
  /** By the fake's clock. */
  readonly at: number;
  /** What was asked for, in the words of the server that was asked. */
  readonly action: string;
  /** `undefined` where a fault changed or withheld the answer. */
  readonly status: number | undefined;
}

/** What a side server makes of a request. */
export interface SideAnswer {
  readonly action: string;
  readonly answer: Answer;
}

/** Where a fault on a side server strikes: the next so many requests it would have granted, or all of them. */
export interface CredentialFaultScope {
  readonly times?: number;
}

/** No fault of a side server is planted for a region, so any name does. */
const nowhere = '';

/** A server beside KMS that hands out keys: a port of its own, its requests counted, with faults of its own. */
export class CredentialServer {
  readonly #listener: Listener;
  readonly #isPlainHttp: boolean;
  readonly #clock: CalendarClock;
  readonly #answer: (request: WireRequest) => SideAnswer;
  readonly #faults = new FaultBoard();
  #requests: CredentialRequestRecord[] = [];
  #connections = 0;

  constructor(parts: { trust: Pki | undefined; clock: CalendarClock; answer: (request: WireRequest) => SideAnswer }) {
    this.#isPlainHttp = parts.trust === undefined;
    this.#clock = parts.clock;
    this.#answer = parts.answer;
    this.#listener = new Listener({
      trust: parts.trust,
      port: 0,
      nextConnectionId: () => (this.#connections += 1),
      chooseCertificate: () => this.#faults.strikeConnection({ region: nowhere }) ?? 'right',
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
    return this.#faults.plant(fault, scope.times === undefined ? {} : { times: scope.times });
  }

  heal(): void {
    this.#faults.heal();
  }

  async open(): Promise<void> {
    await this.#listener.open();
  }

  async shut(): Promise<void> {
    await this.#listener.shut();
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse, connection: Connection): Promise<void> {
    const request = await readRequest(incoming);
    if (request === undefined) return;
    if (request === 'tooLong') {
      response.writeHead(413, { connection: 'close', 'content-length': 0 }).end();
      return;
    }
    const { action, answer } = this.#answer(request);
    // As at KMS: a request that would be refused is refused, whatever else is wrong at that moment.
    const fault = answer.status < 400 ? this.#faults.strikeRequest({ region: nowhere }, undefined) : undefined;
    const instead = fault === undefined ? undefined : faultyAnswer(fault, 'json', 'cn-hangzhou');
    this.#requests.push({ at: this.#clock.date(), action, status: fault === undefined ? answer.status : undefined });
    deliver(instead ?? answer, instead === undefined ? fault : undefined, outgoingOver(response, connection));
  }
}
