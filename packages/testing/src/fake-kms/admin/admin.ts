import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import type { FakeKms } from '../fake-kms.ts';
import { JsonFields } from '../json-fields.ts';
import { routes } from './routes.ts';
import { isError } from '@kms-secrets/core';

/** A running admin API. */
export interface Admin {
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

const maxBodyBytes = 1024 * 1024;

/**
 * Starts the admin API, with which other processes control a fake: plain HTTP and JSON, on loopback only.
 *
 * Any web page in a developer's browser can send requests to loopback. The admin API therefore rejects requests with an
 * `Origin`, with a foreign host name that resolves to 127.0.0.1, and with a form as body
 * (https://owasp.org/www-community/attacks/csrf).
 */
export async function startAdmin(kms: FakeKms, options: { readonly port?: number } = {}): Promise<Admin> {
  const server = createServer((request, response) => {
    void respond(kms, request, response);
  });
  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  // `address()` returns a string only for a pipe.
  const { port } = server.address() as AddressInfo;
  const close = (): Promise<void> => closeServer(server);
  return { url: `http://127.0.0.1:${port}`, close, [Symbol.asyncDispose]: close };
}

async function closeServer(server: Server): Promise<void> {
  if (!server.listening) return;
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}

async function respond(kms: FakeKms, request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    rejectBrowsers(request);
    const route = routes.get(`${request.method ?? ''} ${request.url ?? ''}`);
    if (route === undefined) {
      throw new AdminError(404, `Unknown route. The routes are ${[...routes.keys()].join(', ')}.`);
    }
    const body = request.method === 'POST' ? await readJson(request) : {};
    const result: unknown = await route(kms, new JsonFields(body, 'The body'));
    writeJson(response, 200, result ?? {});
  } catch (error) {
    // Errors of the fake's methods describe their invalid arguments, so the message is safe and useful to return.
    const message = isError(error) ? error.message : 'The request failed.';
    writeJson(response, error instanceof AdminError ? error.status : 400, { message });
  }
}

function rejectBrowsers({ headers }: IncomingMessage): void {
  if (headers.origin !== undefined || headers['sec-fetch-site'] !== undefined) {
    throw new AdminError(403, 'The admin API does not accept requests from browsers.');
  }
  if (!/^(?:127\.0\.0\.1|localhost|\[::1\])(?::\d+)?$/i.test(headers.host ?? '')) {
    throw new AdminError(403, 'The admin API is available on loopback only: use 127.0.0.1 or localhost as the host.');
  }
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  if (!/^application\/json\s*(?:;|$)/i.test(request.headers['content-type'] ?? '')) {
    throw new AdminError(415, 'The content type of the body must be application/json.');
  }
  const chunks: Buffer[] = [];
  let length = 0;
  // Chunks are buffers, because no encoding is set.
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > maxBodyBytes) throw new AdminError(413, 'The body must have at most 1 MiB.');
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    // The parser's message quotes the text, which may contain a secret.
    throw new AdminError(400, 'The body is not valid JSON.');
  }
}

function writeJson(response: ServerResponse, status: number, body: unknown): void {
  if (response.destroyed) return;
  const text = JSON.stringify(body);
  const isTooLong = status === 413;
  response.writeHead(status, {
    'content-type': 'application/json;charset=utf-8',
    ...(isTooLong && { connection: 'close' }),
  });
  response.end(text);
}

class AdminError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}
