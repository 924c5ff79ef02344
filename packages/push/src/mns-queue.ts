import { createHmac } from 'node:crypto';
import type { Clock, CredentialsProvider } from '@kms-secrets/core';
import { parseXml, XmlElement } from '@rgrove/parse-xml';
import { boundedFetch, withinTime } from './fetch.ts';
import type { Fetch } from './fetch.ts';

/** A message of a queue. */
export interface QueueMessage {
  /** As it was sent; MNS does not decode base64. */
  readonly body: string;
  /** Identifies the message in `remove`. */
  readonly receipt: string;
}

/** MNS has rejected a request, or the response is not from MNS. */
export class MnsError extends Error {
  override readonly name: string = 'MnsError';
  /** The error code of MNS, such as `QueueNotExist`; `undefined` if the response has none. */
  readonly code: string | undefined;

  constructor(message: string, code: string | undefined) {
    super(message);
    this.code = code;
  }
}

export interface MnsQueueParts {
  /** `https://1234567890123456.mns.cn-hangzhou.aliyuncs.com` */
  readonly endpoint: string;
  readonly queue: string;
  readonly credentials: CredentialsProvider;
  readonly fetch: Fetch;
  readonly clock: Clock;
}

/** A message has at most 64 KB; base64 and XML add to that. */
const maxBytes = 262_144;
/** Milliseconds for a response, in addition to the time that MNS waits for a message. */
const timeout = 10_000;

interface MnsRequest {
  readonly method: 'GET' | 'DELETE';
  /** Path and query. */
  readonly resource: string;
  readonly timeout: number;
}

/**
 * A queue of MNS (Simple Message Queue), by its HTTP API. Each request is signed with the access key that the provider has at that
 * time. https://www.alibabacloud.com/help/en/mns/developer-reference/request-protocol-description
 */
export class MnsQueue {
  readonly #parts: MnsQueueParts;

  constructor(parts: MnsQueueParts) {
    this.#parts = parts;
  }

  /** Waits for a message. `undefined` if there is none. Rejects with `MnsError`, and as the fetch and the provider do. */
  async receive(waitSeconds: number, signal: AbortSignal): Promise<QueueMessage | undefined> {
    const resource = `${this.#path}?waitseconds=${waitSeconds}`;
    const xml = await this.#send({ method: 'GET', resource, timeout: waitSeconds * 1_000 + timeout }, signal);
    return xml === undefined ? undefined : messageOf(xml);
  }

  /** Removes a received message. Otherwise MNS delivers it again. */
  async remove({ receipt }: QueueMessage, signal: AbortSignal): Promise<void> {
    const resource = `${this.#path}?ReceiptHandle=${encodeURIComponent(receipt)}`;
    await this.#send({ method: 'DELETE', resource, timeout }, signal);
  }

  get #path(): string {
    return `/queues/${this.#parts.queue}/messages`;
  }

  /** `undefined` without a message. */
  async #send(request: MnsRequest, signal: AbortSignal): Promise<XmlElement | undefined> {
    const { endpoint, credentials, fetch, clock } = this.#parts;
    const {
      accessKeyId = '',
      accessKeySecret = '',
      securityToken,
    } = await withinTime(async () => credentials.getCredential(), { clock, timeout, signal });
    const headers = signedHeaders(request, { accessKeyId, accessKeySecret, securityToken, date: clock.date() });
    const { method, resource } = request;
    const limits = { clock, maxBytes, timeout: request.timeout, signal };
    const { status, body } = await boundedFetch(fetch, { url: `${endpoint}${resource}`, method, headers }, limits);
    if (status === 204) return undefined;
    const xml = rootOf(body);
    if (status === 200 && xml !== undefined) return xml;
    const code = codeOf(xml);
    if (code === 'MessageNotExist') return undefined;
    if (code?.startsWith('InvalidAccessKey') === true) credentials.discard?.(accessKeyId);
    throw new MnsError(`MNS responded with HTTP ${status}${code === undefined ? '' : `, ${code}`}.`, code);
  }
}

interface Signer {
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
  readonly securityToken: string | undefined;
  /** Milliseconds since 1970. */
  readonly date: number;
}

function signedHeaders({ method, resource }: MnsRequest, signer: Signer): Readonly<Record<string, string>> {
  const { accessKeyId, accessKeySecret, securityToken } = signer;
  const date = new Date(signer.date).toUTCString();
  // `Date` itself is not a header that every fetch lets a program set.
  const mnsHeaders = { 'x-mns-date': date, 'x-mns-version': '2015-06-06' };
  const lines = Object.entries(mnsHeaders).map(([name, value]) => `${name}:${value}\n`);
  const text = `${method}\n\n${contentType}\n${date}\n${lines.join('')}${resource}`;
  const signature = createHmac('sha1', accessKeySecret).update(text).digest('base64');
  return {
    ...mnsHeaders,
    'content-type': contentType,
    authorization: `MNS ${accessKeyId}:${signature}`,
    ...(securityToken !== undefined && securityToken !== '' && { 'security-token': securityToken }),
  };
}

const contentType = 'text/xml';

function rootOf(body: Uint8Array): XmlElement | undefined {
  try {
    return parseXml(new TextDecoder().decode(body)).root ?? undefined;
  } catch {
    return undefined; // for example the HTML of a proxy
  }
}

function messageOf(xml: XmlElement): QueueMessage {
  const body = childText(xml, 'MessageBody');
  const receipt = childText(xml, 'ReceiptHandle');
  if (xml.name === 'Message' && body !== undefined && receipt !== undefined) return { body, receipt };
  throw new MnsError('MNS responded with something else than a message.', undefined);
}

/** A code that has the form of one: any other text may be data. */
function codeOf(xml: XmlElement | undefined): string | undefined {
  const code = xml?.name === 'Error' ? childText(xml, 'Code') : undefined;
  return code !== undefined && /^[A-Za-z.]{1,60}$/u.test(code) ? code : undefined;
}

function childText(xml: XmlElement, name: string): string | undefined {
  for (const child of xml.children) {
    if (child instanceof XmlElement && child.name === name) return child.text;
  }
  return undefined;
}
