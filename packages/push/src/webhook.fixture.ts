import { generateKeyPairSync, sign } from 'node:crypto';
import { createSecretClient } from '@kms-secrets/core';
import type { SecretClient } from '@kms-secrets/core';
import { FakeClock, FakeTransport } from '@kms-secrets/testing';
import { onTestFinished } from 'vitest';
import type { Fetch } from './fetch.ts';
import { rotationWebhook } from './rotation-webhook.ts';
import type { RotationWebhook } from './rotation-webhook.ts';
import type { IncomingEvent } from './webhook-receiver.ts';
import type { EventBridgeOptions, RotationWebhookOptions } from './webhook-options.ts';

export const url = 'https://shop.example.com/hooks/kms';
export const account = '1234567890123456';
export const region = 'cn-hangzhou';
export const certificateUrl = `https://${region}-eventbridge.oss-accelerate.aliyuncs.com/x509_public_certificate.pem`;
export const token = 'f1d2d2f924e986ac86fdf7b36c94bcdf32beec15';

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
export const publicPem = publicKey.export({ type: 'spki', format: 'pem' }).toString();

export interface Webhook {
  readonly clock: FakeClock;
  readonly kms: FakeTransport;
  readonly client: SecretClient;
  readonly webhook: RotationWebhook;
  readonly lines: string[];
  /** The URLs of the certificates that were loaded. */
  readonly loaded: string[];
}

type SetUpOptions = Partial<Omit<RotationWebhookOptions, 'eventBridge'>> & {
  readonly eventBridge?: Partial<EventBridgeOptions>;
};

/** A webhook whose client has `db` and `cache` in memory, on a clock that stands still. */
export async function setUpWebhook({ eventBridge, ...options }: SetUpOptions = {}): Promise<Webhook> {
  const clock = new FakeClock();
  const kms = new FakeTransport();
  kms.put('db', 'v1');
  kms.put('cache', 'v1');
  const client = createSecretClient({ endpoints: [kms], clock, ttl: '1h', precedence: 'code-only' });
  onTestFinished(() => client.close());
  await client.getMany(['db', 'cache']);
  const lines: string[] = [];
  const log =
    (level: string) =>
    (text: string): void =>
      void lines.push(`${level} ${text}`);
  const loaded: string[] = [];
  const webhook = rotationWebhook(client, {
    accounts: [account],
    regions: [region],
    eventBridge: { url, ...eventBridge },
    clock,
    logger: { info: log('info'), warn: log('warn'), error: log('error') },
    fetch: serving(publicPem, loaded),
    ...options,
  });
  return { clock, kms, client, webhook, lines, loaded };
}

/** Serves a certificate at every URL, and records them. */
export function serving(pem: string, loaded: string[] = []): Fetch {
  return async (requested) => {
    loaded.push(requested);
    return new Response(pem);
  };
}

interface EventOptions {
  readonly id?: string;
  readonly type?: string;
  readonly name?: string;
  readonly account?: string;
  readonly region?: string;
}

let ids = 0;

/** The body of a CloudEvent about a rotation. */
export function cloudEventText(options: EventOptions = {}): string {
  ids += 1;
  const { id = `event-${ids}`, type = 'kms:CloudMonitor:Secret[RotateSecret:Success]', name = 'db' } = options;
  return JSON.stringify({
    id,
    source: 'acs.kms',
    specversion: '1.0',
    type,
    aliyunaccountid: options.account ?? account,
    aliyunregionid: options.region ?? region,
    data: { name: 'Secret:RotateSecret:Success', content: { secretName: name } },
  });
}

/** What a test changes in a signed request, before or after it was signed. */
export interface SigningOptions {
  readonly body?: string;
  /** The date of the signature. */
  readonly at: number;
  readonly signedUrl?: string;
  readonly certificate?: string;
  readonly token?: string;
  /** Replaces `x-eventbridge-hash-method: SHA256`. */
  readonly method?: readonly [name: string, value: string];
  /** Between the headers and the body. Default: a line break. */
  readonly separator?: string;
  readonly key?: typeof privateKey;
}

/** A request as EventBridge sends it. Written from the documentation, not from the code under test. */
export function signedRequest(options: SigningOptions): Request {
  const { body = cloudEventText(), at, signedUrl = url, certificate = certificateUrl, separator = '\n' } = options;
  const [methodName, method] = options.method ?? ['x-eventbridge-hash-method', 'SHA256'];
  const headers: [string, string][] = [
    ['x-eventbridge-signature-timestamp', String(at)],
    [methodName, method],
    ['x-eventbridge-signature-version', '1.0'],
    ['x-eventbridge-signature-url', certificate],
    ...(options.token === undefined
      ? []
      : [['x-eventbridge-signature-token', options.token] satisfies [string, string]]),
  ];
  const lines = headers.map(([name, value]) => `${name}: ${value}`).join('\n');
  const text = `${signedUrl}\n${lines}${separator}${body}`;
  const signature = sign('sha256', Buffer.from(text), options.key ?? privateKey).toString('base64');
  return new Request(url, { method: 'POST', body, headers: [...headers, ['x-eventbridge-signature-v2', signature]] });
}

/** What a server makes of a request. Cheaper than a `Request`, for tests that send thousands. */
export function incoming(request: Request, body: Uint8Array | string = ''): IncomingEvent {
  return {
    method: request.method,
    path: new URL(request.url).pathname,
    header: (name) => request.headers.get(name) ?? undefined,
    body: Buffer.from(body),
  };
}

/** The same request with another header. */
export function withHeader(request: Request, name: string, value: string | undefined): Request {
  const changed = new Request(request);
  if (value === undefined) changed.headers.delete(name);
  else changed.headers.set(name, value);
  return changed;
}

/** Sends a request and lets the refresh that it starts end. Returns the status. */
export async function deliver(
  { webhook, clock }: Pick<Webhook, 'webhook' | 'clock'>,
  request: Request,
): Promise<number> {
  const { status } = await webhook(request);
  await clock.pass(0);
  return status;
}
