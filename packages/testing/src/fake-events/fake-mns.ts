import { createHmac, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { FakeAccessKey } from '../fake-kms/auth/access-keys.ts';
import { listen } from '../fake-kms/server/listen.ts';
import { FakeQueue } from './fake-queue.ts';
import type { QueuedMessage } from './fake-queue.ts';

export { FakeQueue };

/** Options of `startFakeMns`. */
export interface FakeMnsOptions {
  /** Signs the requests. `securityToken`: they must have this header. */
  readonly accessKey: FakeAccessKey & { readonly securityToken?: string | undefined };
  /** How long a message that was received is hidden from other receivers (ms). Default: 30 s. */
  readonly visibilityTimeout?: number;
}

/** A request that the fake has answered. */
export interface MnsRequestRecord {
  readonly method: string;
  /** Without the receipt. */
  readonly path: string;
  readonly status: number;
}

class MnsFault extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string) {
    super(code);
    this.status = status;
    this.code = code;
  }
}

const maxClockSkew = 15 * 60_000;
const maxBodyBytes = 65_536;

/** A fake of MNS (Simple Message Queue) on loopback. It verifies each signature. Created by `startFakeMns`. */
export class FakeMns {
  /** `http://127.0.0.1:PORT`. */
  readonly endpoint: string;
  readonly requests: MnsRequestRecord[] = [];
  readonly #server: Server;
  readonly #queues: Map<string, FakeQueue>;
  readonly #visibilityTimeout: number;
  readonly #keys = new Map<string, FakeMnsOptions['accessKey']>();
  #fault: { readonly status: number; readonly code: string } | undefined;

  constructor(
    { accessKey, visibilityTimeout = 30_000 }: FakeMnsOptions,
    { server, port }: { readonly server: Server; readonly port: number },
  ) {
    this.endpoint = `http://127.0.0.1:${port}`;
    this.#server = server;
    this.#queues = new Map();
    this.#visibilityTimeout = visibilityTimeout;
    this.addAccessKey(accessKey);
  }

  createQueue(name: string): FakeQueue {
    const queue = this.#queues.get(name) ?? new FakeQueue({ visibilityTimeout: this.#visibilityTimeout });
    this.#queues.set(name, queue);
    return queue;
  }

  addAccessKey(key: FakeMnsOptions['accessKey']): void {
    this.#keys.set(key.accessKeyId, key);
  }

  removeAccessKey(accessKeyId: string): void {
    this.#keys.delete(accessKeyId);
  }

  /** Answers every request with an error from now on, such as 500 `InternalError`. */
  fail(status: number, code: string): void {
    this.#fault = { status, code };
  }

  /** Ends what `fail` started. */
  heal(): void {
    this.#fault = undefined;
  }

  /** Closes the port and all connections. */
  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** @internal */
  async respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '' } = request;
    const { status, body } = await this.#answer(request, response).catch((error: unknown) => {
      if (!(error instanceof MnsFault)) throw error;
      return { status: error.status, body: errorBody(error.code) };
    });
    this.requests.push({ method, path: url.replace(/ReceiptHandle=.*/u, 'ReceiptHandle=…'), status });
    response.writeHead(status, { 'content-type': 'text/xml;charset=utf-8', 'x-mns-version': '2015-06-06' });
    response.end(body);
  }

  async #answer(
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<{ readonly status: number; readonly body: string }> {
    const text = await readText(request);
    this.#authenticate(request);
    if (this.#fault !== undefined) throw new MnsFault(this.#fault.status, this.#fault.code);
    const { pathname, searchParams } = new URL(request.url ?? '', this.endpoint);
    const [, name = ''] = /^\/queues\/([\w-]+)\/messages$/u.exec(pathname) ?? [];
    const queue = this.#queues.get(name);
    if (queue === undefined) throw new MnsFault(404, 'QueueNotExist');
    switch (request.method ?? '') {
      case 'POST':
        return { status: 201, body: sentBody(queue.send(bodyOfMessage(text))) };
      case 'GET':
        return receive(queue, Number(searchParams.get('waitseconds') ?? 0), response);
      case 'DELETE':
        if (!queue.remove(searchParams.get('ReceiptHandle') ?? '')) throw new MnsFault(404, 'MessageNotExist');
        return { status: 204, body: '' };
      default:
        throw new MnsFault(400, 'InvalidArgument');
    }
  }

  #authenticate({ method = '', url = '', headers }: IncomingMessage): void {
    const [, id = '', signature = ''] = /^MNS ([^:]+):(\S+)$/u.exec(headers.authorization ?? '') ?? [];
    const key = this.#keys.get(id);
    if (key === undefined) throw new MnsFault(403, 'InvalidAccessKeyId');
    const date = String(headers['x-mns-date'] ?? headers.date ?? '');
    if (!(Math.abs(Date.parse(date) - Date.now()) <= maxClockSkew)) throw new MnsFault(400, 'TimeExpired');
    const mnsHeaders = Object.keys(headers)
      .filter((name) => name.startsWith('x-mns-'))
      .toSorted()
      .map((name) => `${name}:${String(headers[name])}\n`);
    const head = [method, String(headers['content-md5'] ?? ''), headers['content-type'] ?? '', date];
    const text = `${head.join('\n')}\n${mnsHeaders.join('')}${url}`;
    const expected = createHmac('sha1', key.accessKeySecret).update(text).digest('base64');
    if (signature !== expected || headers['security-token'] !== key.securityToken) {
      throw new MnsFault(403, 'SignatureDoesNotMatch');
    }
  }
}

async function receive(
  queue: FakeQueue,
  waitSeconds: number,
  response: ServerResponse,
): Promise<{ readonly status: number; readonly body: string }> {
  if (!(waitSeconds >= 0 && waitSeconds <= 30)) throw new MnsFault(400, 'InvalidArgument');
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  const message = await queue.receive(waitSeconds * 1_000, gone.signal);
  if (message === undefined) throw new MnsFault(404, 'MessageNotExist');
  return { status: 200, body: receivedBody(message) };
}

async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  // Chunks are buffers, because no encoding is set.
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > maxBodyBytes) throw new MnsFault(400, 'InvalidArgument');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function bodyOfMessage(xml: string): string {
  const [, body] = /<MessageBody>([\s\S]*?)<\/MessageBody>/u.exec(xml) ?? [];
  if (body === undefined) throw new MnsFault(400, 'MalformedXML');
  return body
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&apos;', "'")
    .replaceAll('&amp;', '&');
}

function element(name: string, fields: Readonly<Record<string, string | number>>): string {
  const children = Object.entries(fields).map(([key, value]) => `<${key}>${escaped(String(value))}</${key}>`);
  return `<?xml version="1.0" encoding="utf-8"?>\n<${name} xmlns="http://mns.aliyuncs.com/doc/v1/">${children.join('')}</${name}>`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

function sentBody({ id }: QueuedMessage): string {
  return element('Message', { MessageId: id });
}

function receivedBody({ id, receipt, body, dequeueCount }: QueuedMessage): string {
  return element('Message', {
    MessageId: id,
    ReceiptHandle: receipt,
    MessageBody: body,
    DequeueCount: dequeueCount,
    Priority: 8,
  });
}

function errorBody(code: string): string {
  return element('Error', { Code: code, Message: 'An error of the fake.', RequestId: randomUUID(), HostId: 'fake' });
}

/** Starts a fake of MNS on a free port of loopback, over plain HTTP. */
export async function startFakeMns(options: FakeMnsOptions): Promise<FakeMns> {
  const server = createServer((request, response) => {
    void mns.respond(request, response);
  });
  const port = await listen(server, 0);
  const mns = new FakeMns(options, { server, port });
  return mns;
}
