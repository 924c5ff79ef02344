import type { IncomingMessage, ServerResponse } from 'node:http';

import type { Authentication } from '../auth/authentication.ts';
import { isBad, processPki } from '../certificates/pki.ts';
import type { Pki } from '../certificates/pki.ts';
import type { Connection } from './connections.ts';
import { outgoingOver, readRequest } from './receive-request.ts';
import { isAt } from '../faults/fault-registry.ts';
import type { FaultBoard, FaultPlace } from '../faults/fault-registry.ts';
import { Gateway } from './request-handler.ts';
import { Listener } from './listener.ts';
import type { FakeEndpoint, FakeInstance } from '../options.ts';
import type { RequestLog } from './request-log.ts';
import type { CalendarClock } from '../settable-clock.ts';
import { TokenBucket } from './token-bucket.ts';
import type { Vault } from '../secrets/secret-repository.ts';

interface Parts {
  readonly regions: readonly string[];
  readonly instances: readonly FakeInstance[];
  readonly acceptTokenScheme: boolean;
  readonly supportsBatch: boolean;
  readonly port: number;
  readonly isPlainHttp: boolean;
  readonly quota: number | false;
  readonly authentication: Authentication;
  readonly vault: Vault;
  readonly faults: FaultBoard;
  readonly log: RequestLog;
  readonly clock: CalendarClock;
}

/** A shared gateway, by its region, or an instance. */
interface Place extends FaultPlace {
  readonly instance: string | undefined;
  readonly listener: Listener;
}

/** The regions and instances of a fake: a listener with a gateway behind it for each, and what is counted over all of them. */
export class Regions {
  readonly #parts: Parts;
  /** By the id of the region or the instance. */
  readonly #places = new Map<string, Place>();
  #connections = 0;
  #openRequests = 0;
  #handshakes = 0;
  #badCertificateRequests = 0;

  constructor(parts: Parts) {
    this.#parts = parts;
    for (const region of parts.regions) this.#add(region, undefined);
    for (const { region, id } of parts.instances) this.#add(region, id);
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
    return [...this.#places.values()].map(({ region, instance, listener: { port } }) => {
      const endpoint = `127.0.0.1:${port}`;
      const gateway = instance === undefined ? 'shared' : 'instance';
      return { region, gateway, instance, endpoint, port, url: `${scheme}://${endpoint}/` };
    });
  }

  /** Opens all, or closes again what was opened before one failed. */
  async openAll(): Promise<void> {
    try {
      for (const { listener } of this.#places.values()) await listener.open();
    } catch (error) {
      await this.shutAll();
      throw error;
    }
  }

  async shutAll(): Promise<void> {
    await Promise.all([...this.#places.values()].map(({ listener }) => listener.shut()));
  }

  /** By the id of an instance, or of a region for its shared gateway. Throws for a name of neither. */
  endpoint(name: string): FakeEndpoint {
    const found = this.endpoints.find(({ region, instance }) => (instance ?? region) === name);
    if (found !== undefined) return found;
    throw new TypeError(
      `The fake KMS has no region ${name}: it was started with ${[...this.#places.keys()].join(', ')}.`,
    );
  }

  /** All that listens in a region, or an instance alone. */
  listeners(name: string): readonly Listener[] {
    this.endpoint(name); // refuses an unknown one with the list of the known
    return [...this.#places.values()].filter((place) => isAt(place, name)).map(({ listener }) => listener);
  }

  #add(region: string, instance: string | undefined): void {
    const port = this.#parts.port === 0 ? 0 : this.#parts.port + this.#places.size;
    this.#places.set(instance ?? region, { region, instance, listener: this.#listener({ region, instance }, port) });
  }

  #listener({ region, instance }: FaultPlace, port: number): Listener {
    const { quota, isPlainHttp, faults, ...rest } = this.#parts;
    const bucket = quota === false ? undefined : new TokenBucket({ perSecond: quota, clock: rest.clock });
    const gateway = new Gateway({ ...rest, faults, region, instance, quota: bucket });
    return new Listener({
      trust: isPlainHttp ? undefined : trustOf(instance),
      port,
      nextConnectionId: () => (this.#connections += 1),
      chooseCertificate: () => faults.strikeConnection({ region, instance }) ?? 'right',
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

/** An instance has a host name of its own, and a certificate for it. */
function trustOf(instance: string | undefined): Pki {
  const trust = processPki();
  return instance === undefined ? trust : trust.forHost(`${instance}.cryptoservice.kms.aliyuncs.com`);
}
