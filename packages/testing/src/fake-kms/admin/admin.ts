import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import type { FakeKms } from '../fake-kms.ts';
import { JsonFields } from '../json-fields.ts';
import { routes } from './routes.ts';

/** A running admin API. */
export interface Admin {
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  close(): Promise<void>;
}

const longestBody = 1024 * 1024;

/**
 * Lets other processes drive a fake: plain HTTP and JSON, on loopback alone.
 *
 * Any page a developer has open can send requests to loopback, so nothing is done for a browser: neither with an
 * `Origin`, nor under a host name that was pointed at 127.0.0.1, nor in a form (https://owasp.org/www-community/attacks/csrf).
 */
export async function startAdmin(kms: FakeKms, options: { readonly port?: number } = {}): Promise<Admin> {
  const server = createServer((request, response) => {
    void answer(kms, request, response);
  });
  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  // `address()` is a text only for a pipe, and this is a port.
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, close: () => closeServer(server) };
}

async function closeServer(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}

async function answer(kms: FakeKms, request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    refuseBrowsers(request);
    const route = routes.get(`${request.method ?? ''} ${request.url ?? ''}`);
    if (route === undefined) throw new Refused(404, `There is ${[...routes.keys()].join(', ')}.`);
    const body = request.method === 'POST' ? await readJson(request) : {};
    const result: unknown = await route(kms, new JsonFields(body, 'The body'));
    write(response, 200, result ?? {});
  } catch (error) {
    // Whatever a method of the fake throws is about what it was given, and says so in a sentence.
    const message = error instanceof Error ? error.message : 'Refused.';
    write(response, error instanceof Refused ? error.status : 400, { message });
  }
}

function refuseBrowsers({ headers }: IncomingMessage): void {
  if (headers.origin !== undefined || headers['sec-fetch-site'] !== undefined) {
    throw new Refused(403, 'The admin API is not for browsers.');
  }
  if (!/^(?:127\.0\.0\.1|localhost|\[::1\])(?::\d+)?$/i.test(headers.host ?? '')) {
    throw new Refused(403, 'The admin API is for loopback alone: ask it by 127.0.0.1 or localhost.');
  }
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  if (!/^application\/json\s*(?:;|$)/i.test(request.headers['content-type'] ?? '')) {
    throw new Refused(415, 'The body must be sent as application/json.');
  }
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length; // bytes, since no encoding was set
    if (length > longestBody) throw new Refused(413, 'The body has at most 1 MiB.');
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    // The parser's own message quotes the text, and that may hold a secret.
    throw new Refused(400, 'The body is no JSON.');
  }
}

function write(response: ServerResponse, status: number, body: unknown): void {
  if (response.destroyed) return;
  const text = JSON.stringify(body);
  const isTooLong = status === 413;
  response.writeHead(status, {
    'content-type': 'application/json;charset=utf-8',
    ...(isTooLong && { connection: 'close' }),
  });
  response.end(text);
}

class Refused extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}
