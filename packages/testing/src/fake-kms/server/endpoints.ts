import type { IncomingMessage, ServerResponse } from 'node:http';

import type { Authentication } from '../auth/authentication.ts';
import { mustBeRejected, processPki } from '../certificates/pki.ts';
import type { Pki } from '../certificates/pki.ts';
import { matchesTarget } from '../faults/fault-registry.ts';
import type { FaultRegistry, FaultTarget } from '../faults/fault-registry.ts';
import type { FakeEndpoint, FakeInstance } from '../options.ts';
import type { SecretRepository } from '../secrets/secret-repository.ts';
import type { CalendarClock } from '../settable-clock.ts';
import type { Connection } from './connections.ts';
import { Listener } from './listener.ts';
import { receiveRequest } from './receive-request.ts';
import { RequestHandler } from './request-handler.ts';
import type { RequestLog } from './request-log.ts';
import { outgoingFor } from './send-response.ts';
import { TokenBucket } from './token-bucket.ts';

interface Parts {
  readonly regions: readonly string[];
  readonly instances: readonly FakeInstance[];
  readonly acceptTokenScheme: boolean;
  readonly supportsBatch: boolean;
  /** The port of the first region; 0 for free ports. */
  readonly port: number;
  readonly isPlainHttp: boolean;
  readonly quota: number | false;
  readonly authentication: Authentication;
  readonly secrets: SecretRepository;
  readonly faults: FaultRegistry;
  readonly log: RequestLog;
  readonly clock: CalendarClock;
}

interface ListeningEndpoint extends FaultTarget {
  readonly instance: string | undefined;
  readonly listener: Listener;
}

/** The endpoints of a fake, each with a listener and a request handler, and the counters over all of them. */
export class Endpoints {
  readonly #parts: Parts;
  /** By the id of the region or the instance. */
  readonly #endpoints = new Map<string, ListeningEndpoint>();
  #connectionCount = 0;
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

  get all(): readonly FakeEndpoint[] {
    const scheme = this.#parts.isPlainHttp ? 'http' : 'https';
    return [...this.#endpoints.values()].map(({ region, instance, listener: { port } }) => {
      const endpoint = `127.0.0.1:${port}`;
      const gateway = instance === undefined ? 'shared' : 'instance';
      return { region, gateway, instance, endpoint, port, url: `${scheme}://${endpoint}/` };
    });
  }

  /** Opens all listeners. If one fails, closes the others. */
  async openAll(): Promise<void> {
    try {
      for (const { listener } of this.#endpoints.values()) await listener.open();
    } catch (error) {
      await this.closeAll();
      throw error;
    }
  }

  async closeAll(): Promise<void> {
    await Promise.all([...this.#endpoints.values()].map(({ listener }) => listener.close()));
  }

  /** The endpoint of an instance, or the shared gateway of a region. Throws for an unknown id. */
  get(id: string): FakeEndpoint {
    const endpoint = this.all.find(({ region, instance }) => (instance ?? region) === id);
    if (endpoint !== undefined) return endpoint;
    throw new TypeError(
      `The fake KMS has no region or instance ${id}. It was started with ${[...this.#endpoints.keys()].join(', ')}.`,
    );
  }

  /** The listeners of a region, including its instances, or of an instance. Throws for an unknown id. */
  listeners(id: string): readonly Listener[] {
    this.get(id);
    return [...this.#endpoints.values()]
      .filter((endpoint) => matchesTarget(endpoint, id))
      .map(({ listener }) => listener);
  }

  #add(region: string, instance: string | undefined): void {
    const port = this.#parts.port === 0 ? 0 : this.#parts.port + this.#endpoints.size;
    const listener = this.#createListener({ region, instance }, port);
    this.#endpoints.set(instance ?? region, { region, instance, listener });
  }

  #createListener({ region, instance }: FaultTarget, port: number): Listener {
    const { quota: perSecond, isPlainHttp, faults, clock } = this.#parts;
    const quota = perSecond === false ? undefined : new TokenBucket({ perSecond, clock });
    const handler = new RequestHandler({ ...this.#parts, region, instance, quota });
    return new Listener({
      pki: isPlainHttp ? undefined : pkiFor(region, instance),
      port,
      nextConnectionId: () => (this.#connectionCount += 1),
      chooseCertificate: () => faults.takeCertificateFault({ region, instance }) ?? 'valid',
      onHandshake: () => {
        this.#handshakes += 1;
      },
      serve: (incoming, response, connection) => {
        this.#count(response, connection);
        void serve(handler, { incoming, response, connection });
      },
    });
  }

  #count(response: ServerResponse, connection: Connection): void {
    this.#openRequests += 1;
    if (mustBeRejected(connection.certificate)) this.#badCertificateRequests += 1;
    response.once('close', () => {
      this.#openRequests -= 1;
    });
  }
}

interface Exchange {
  readonly incoming: IncomingMessage;
  readonly response: ServerResponse;
  readonly connection: Connection;
}

async function serve(handler: RequestHandler, { incoming, response, connection }: Exchange): Promise<void> {
  const request = await receiveRequest(incoming);
  if (request === undefined) return;
  if (request === 'tooLong') response.writeHead(413, { connection: 'close', 'content-length': 0 }).end();
  else handler.handle(request, connection.id, outgoingFor(response, connection));
}

/** A certificate for the host names of the service, for clients that are redirected by a hosts file. */
function pkiFor(region: string, instance: string | undefined): Pki {
  return processPki().forHosts(
    instance === undefined
      ? [`kms.${region}.aliyuncs.com`, `kms-vpc.${region}.aliyuncs.com`]
      : [`${instance}.cryptoservice.kms.aliyuncs.com`],
  );
}
