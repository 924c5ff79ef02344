import { systemClock } from '@kms-secrets/core';
import type { Clock, SecretClient } from '@kms-secrets/core';
import { CertificateKeys } from './certificate-keys.ts';
import { EventReceiver } from './event-receiver.ts';
import { EventSignatures } from './event-signature.ts';
import { WebhookReceiver } from './webhook-receiver.ts';
import type { IncomingEvent, WebhookAnswer, WebhookStats } from './webhook-receiver.ts';
import { Report } from './report.ts';
import { Tokens } from './token.ts';
import { checkWebhookOptions, listOf } from './webhook-options.ts';
import type { EventBridgeOptions, RotationWebhookOptions } from './webhook-options.ts';

/** The `Request` of the Fetch standard. */
export type WebRequest = typeof globalThis extends { Request: { prototype: infer Type } }
  ? Type
  : { readonly method: string; readonly url: string; readonly headers: { get(name: string): string | null } };
/** The `Response` of the Fetch standard. */
export type WebResponse = typeof globalThis extends { Response: { prototype: infer Type } }
  ? Type
  : { readonly status: number };

/** A handler for the standard `Request`. */
export interface RotationWebhook {
  (request: WebRequest): Promise<WebResponse>;
  /** For servers with other requests; see `nodeHandler`. Never rejects. */
  receive(event: IncomingEvent): Promise<WebhookAnswer>;
  /** Counters since it was created. */
  stats(): WebhookStats;
}

/**
 * Receives events about rotations over HTTP: signed ones of EventBridge, and callbacks of CloudMonitor with a token. An event causes
 * nothing but the refresh of a secret that is in memory, at most once a second for each secret.
 *
 * Responds with 204 to every authentic event, also to one that it ignores; with 401 to others; with 503 if the event should be sent
 * again. Throws `ConfigurationError`, which lists all mistakes.
 */
export function rotationWebhook(client: SecretClient, options: RotationWebhookOptions): RotationWebhook {
  checkWebhookOptions(client, options);
  const { eventBridge, cloudMonitor, clock = systemClock, accounts, regions, onRotationFailed, logger } = options;
  const report = new Report({ logger, clock });
  const receiver = new WebhookReceiver({
    client,
    clock,
    report,
    events: new EventReceiver({
      client,
      clock,
      report,
      accounts: accounts && new Set(accounts),
      regions: regions && new Set(regions),
      onRotationFailed,
    }),
    signatures: eventBridge && signaturesOf(eventBridge, options, { client, clock }),
    tokens: cloudMonitor && new Tokens(listOf(cloudMonitor.token)),
  });
  const receive = (event: IncomingEvent): Promise<WebhookAnswer> => receiver.receive(event);
  const handle = async (request: Request): Promise<Response> => {
    const { status, headers } = await receive(incomingOf(request));
    return new Response(null, { status, headers });
  };
  return Object.assign(handle, { receive, stats: () => receiver.stats() });
}

function signaturesOf(
  { url, token, testCertificateOrigin: testOrigin }: EventBridgeOptions,
  { regions = [], fetch = globalThis.fetch }: RotationWebhookOptions,
  { client, clock }: { readonly client: SecretClient; readonly clock: Clock },
): EventSignatures {
  return new EventSignatures({
    clock,
    urls: listOf(url),
    hosts: { regions: new Set(regions), testOrigin },
    tokens: token === undefined ? undefined : new Tokens(listOf(token)),
    keys: new CertificateKeys({ fetch, clock, closing: client.closing }),
  });
}

function incomingOf(request: Request): IncomingEvent {
  return {
    method: request.method,
    path: request.url,
    header: (name) => request.headers.get(name) ?? undefined,
    body: request.bodyUsed ? 'consumed' : (request.body ?? undefined),
  };
}
