import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { FakeKms } from '../fake-kms/fake-kms.ts';
import type { SecretChange } from '../fake-kms/secrets/secret-changes.ts';
import { listen } from '../fake-kms/server/listen.ts';
import { cloudEvent, cloudMonitorEvent } from './event-body.ts';
import type { EventContent } from './event-body.ts';
import { EventSigner } from './event-signer.ts';
import type { FakeQueue } from './fake-mns.ts';

/** Where events go. */
export type EventTarget =
  /** Signed, as EventBridge does. `url` must be what the receiver expects as its URL. `token`: that of the target. */
  | { readonly eventBridge: string; readonly token?: string | undefined }
  /** Unsigned, as CloudMonitor does. Only rotations. */
  | { readonly cloudMonitor: string }
  /** To a queue of a fake MNS, as EventBridge does. */
  | { readonly queue: FakeQueue };

/** An event that was sent. */
export interface EventDelivery {
  readonly id: string;
  readonly secretName: string;
  /** The HTTP status; `undefined` for a queue, and if the connection failed. */
  readonly status: number | undefined;
}

/** Fields of an event that a test replaces. */
export type EventFields = Partial<Pick<EventContent, 'id' | 'region' | 'account' | 'at'>>;

const certificatePath = '/x509_public_certificate.pem';
const timeout = 10_000;
const maxDeliveries = 10_000;

/** Sends the events of a fake KMS. Created by `startFakeEvents`. */
export class FakeEvents {
  /** Serves the certificate. A receiver trusts it only with `eventBridge.testCertificateOrigin`. */
  readonly certificateOrigin: string;
  /** The last 10,000 events that were sent. */
  readonly deliveries: EventDelivery[] = [];
  readonly #kms: FakeKms;
  readonly #signer: EventSigner;
  readonly #server: Server;
  readonly #targets = new Set<EventTarget>();
  readonly #pending = new Set<Promise<void>>();
  readonly #stopListening: () => void;

  constructor(kms: FakeKms, { signer, server, port }: { signer: EventSigner; server: Server; port: number }) {
    this.#kms = kms;
    this.#signer = signer;
    this.#server = server;
    this.certificateOrigin = `http://127.0.0.1:${port}`;
    this.#stopListening = kms.onChange((change) => this.emit(change));
  }

  /** Sends an event for each change of a secret from now on. Returns a function that ends this. */
  sendTo(target: EventTarget): () => void {
    this.#targets.add(target);
    return () => {
      this.#targets.delete(target);
    };
  }

  /** Sends an event about a secret to all targets, although it has not changed. */
  emit(change: SecretChange, fields: EventFields = {}): void {
    const [endpoint] = this.#kms.endpoints;
    const defaults = { id: randomUUID(), region: endpoint?.region ?? 'cn-hangzhou', at: this.#kms.clock.date() };
    const content: EventContent = { ...defaults, ...fields, ...change };
    for (const target of this.#targets) {
      const sending: Promise<void> = this.#send(target, content).finally(() => this.#pending.delete(sending));
      this.#pending.add(sending);
    }
  }

  /** The headers and the body of a signed event, for a test that changes them. */
  signed(url: string, change: SecretChange, fields: EventFields & { readonly token?: string } = {}): SignedEvent {
    const at = fields.at ?? this.#kms.clock.date();
    const body = JSON.stringify(cloudEvent({ id: randomUUID(), region: 'cn-hangzhou', ...fields, at, ...change }));
    const certificateUrl = this.certificateOrigin + certificatePath;
    return { body, headers: this.#signer.sign({ url, body, at, certificateUrl, token: fields.token }) };
  }

  /** Resolves when every event has been sent. */
  async settled(): Promise<void> {
    while (this.#pending.size > 0) await Promise.all(this.#pending);
  }

  /** Sends no further event. Resolves when those that are on their way have arrived. */
  async close(): Promise<void> {
    if (!this.#server.listening) return;
    this.#stopListening();
    this.#targets.clear();
    await this.settled();
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #send(target: EventTarget, content: EventContent): Promise<void> {
    if ('queue' in target) {
      target.queue.send(JSON.stringify(cloudEvent(content)));
      this.#record(content, undefined);
      return;
    }
    const request = this.#requestFor(target, content);
    if (request === undefined) return;
    const { url, body, headers } = request;
    const options = { method: 'POST', body, headers: { ...headers, 'content-type': 'application/json' } };
    const response = await fetch(url, { ...options, redirect: 'manual', signal: AbortSignal.timeout(timeout) }).catch(
      () => undefined,
    );
    await response?.arrayBuffer();
    this.#record(content, response?.status);
  }

  #requestFor(
    target: Exclude<EventTarget, { readonly queue: FakeQueue }>,
    content: EventContent,
  ): { readonly url: string; readonly body: string; readonly headers: Record<string, string> } | undefined {
    if ('cloudMonitor' in target) {
      const event = cloudMonitorEvent(content);
      return event && { url: target.cloudMonitor, body: JSON.stringify(event), headers: {} };
    }
    const { eventBridge: url, token } = target;
    const body = JSON.stringify(cloudEvent(content));
    const certificateUrl = this.certificateOrigin + certificatePath;
    return { url, body, headers: this.#signer.sign({ url, body, at: this.#kms.clock.date(), certificateUrl, token }) };
  }

  #record({ id, name }: EventContent, status: number | undefined): void {
    this.deliveries.push({ id, secretName: name, status });
    if (this.deliveries.length > maxDeliveries) this.deliveries.shift();
  }
}

/** A request of EventBridge. */
export interface SignedEvent {
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Starts sending the events of a fake KMS: what EventBridge and CloudMonitor send when a secret gets a new version by `rotate`,
 * `rotateManaged` or `put`, and when `rotateManaged` fails. A rotation by date sends none.
 */
export async function startFakeEvents(kms: FakeKms): Promise<FakeEvents> {
  const signer = new EventSigner();
  const server = createServer((request, response) => {
    const isCertificate = request.url === certificatePath;
    response.writeHead(isCertificate ? 200 : 404, { 'content-type': 'application/x-pem-file' });
    response.end(isCertificate ? signer.certificatePem : '');
  });
  const port = await listen(server, 0);
  return new FakeEvents(kms, { signer, server, port });
}
