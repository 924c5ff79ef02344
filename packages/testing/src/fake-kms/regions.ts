import type { IncomingMessage, ServerResponse } from 'node:http';

import type { Authentication } from './authentication.ts';
import { isBad, processTrust } from './certificates/trust.ts';
import type { Connection } from './connections.ts';
import { outgoingOver, readRequest } from './exchange.ts';
import type { FaultBoard } from './faults.ts';
import { Gateway } from './gateway.ts';
import { Listener } from './listener.ts';
import type { FakeEndpoint } from './options.ts';
import type { RequestLog } from './request-log.ts';
import type { CalendarClock } from './settable-clock.ts';
import { TokenBucket } from './token-bucket.ts';
import type { Vault } from './vault/vault.ts';

interface Parts {
  readonly regions: readonly string[];
  readonly port: number;
  readonly isPlainHttp: boolean;
  readonly quota: number | false;
  readonly authentication: Authentication;
  readonly vault: Vault;
  readonly faults: FaultBoard;
  readonly log: RequestLog;
  readonly clock: CalendarClock;
}

/** The regions of a fake: a listener with a gateway behind it for each, and what is counted over all of them. */
export class Regions {
  readonly #parts: Parts;
  readonly #listeners = new Map<string, Listener>();
  #connections = 0;
  #openRequests = 0;
  #handshakes = 0;
  #badCertificateRequests = 0;

  constructor(parts: Parts) {
    this.#parts = parts;
    parts.regions.forEach((region, index) => {
      this.#listeners.set(region, this.#listener(region, parts.port === 0 ? 0 : parts.port + index));
    });
  }

  get openRequests(): number {
    return this.#openRequests;
  }

  get handshakes(): number {
    return this.#handshakes;
  }

  get badCertificateRequests(): number {
    return this.#badCertificateRequests;
  }

  get endpoints(): readonly FakeEndpoint[] {
    const scheme = this.#parts.isPlainHttp ? 'http' : 'https';
    return [...this.#listeners].map(([region, { port }]) => {
      const endpoint = `127.0.0.1:${port}`;
      return { region, endpoint, port, url: `${scheme}://${endpoint}/` };
    });
  }

  /** Opens all, or closes again what was opened before one failed. */
  async openAll(): Promise<void> {
    try {
      for (const listener of this.#listeners.values()) await listener.open();
    } catch (error) {
      await this.shutAll();
      throw error;
    }
  }

  async shutAll(): Promise<void> {
    await Promise.all([...this.#listeners.values()].map((listener) => listener.shut()));
  }

  listener(region: string): Listener {
    const listener = this.#listeners.get(region);
    if (listener !== undefined) return listener;
    throw new TypeError(
      `The fake KMS has no region ${region}: it was started with ${[...this.#listeners.keys()].join(', ')}.`,
    );
  }

  #listener(region: string, port: number): Listener {
    const { quota, isPlainHttp, faults, ...rest } = this.#parts;
    const bucket = quota === false ? undefined : new TokenBucket({ perSecond: quota, clock: rest.clock });
    const gateway = new Gateway({ ...rest, faults, region, quota: bucket });
    return new Listener({
      trust: isPlainHttp ? undefined : processTrust(),
      port,
      nextConnectionId: () => (this.#connections += 1),
      chooseCertificate: () => faults.strikeConnection(region) ?? 'right',
      onHandshake: () => {
        this.#handshakes += 1;
      },
      serve: (request, response, connection) => {
        this.#count(response, connection);
        void this.#serve(gateway, { request, response, connection });
      },
    });
  }

  #count(response: ServerResponse, connection: Connection): void {
    this.#openRequests += 1;
    if (isBad(connection.certificate)) this.#badCertificateRequests += 1;
    response.once('close', () => {
      this.#openRequests -= 1;
    });
  }

  async #serve(
    gateway: Gateway,
    asked: { request: IncomingMessage; response: ServerResponse; connection: Connection },
  ): Promise<void> {
    const { response, connection } = asked;
    const request = await readRequest(asked.request);
    if (request === undefined) return;
    if (request === 'tooLong') response.writeHead(413, { connection: 'close', 'content-length': 0 }).end();
    else gateway.serve(request, connection.id, outgoingOver(response, connection));
  }
}
