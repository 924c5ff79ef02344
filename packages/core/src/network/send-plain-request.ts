import type { IncomingHttpHeaders } from 'node:http';
import { requireModule } from '../platform/builtin-module.ts';
import { RunningTimer } from '../time/running-timer.ts';
import { NameLookup } from './name-lookup.ts';
import { processResolver } from './name-resolver.ts';
import { hostOf } from './send-request.ts';
import type { RequestTarget } from './send-request.ts';

export interface PlainRequest extends Pick<RequestTarget, 'clock' | 'connectTimeout' | 'maxResponseBytes'> {
  readonly url: URL;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | undefined;
  /** Milliseconds for the whole request. */
  readonly timeout: number;
}

export interface PlainResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/**
 * Sends a request without TLS, over a connection of its own and never through a proxy: to the metadata service of the machine, or
 * to a credentials address. Rejects with an error that has a `code`, like those of Node.
 */
export async function sendPlainRequest(parts: PlainRequest): Promise<PlainResponse> {
  const { url, method, headers, body, timeout, clock, connectTimeout, maxResponseBytes } = parts;
  const { hostname } = hostOf(url);
  const request = requireModule('node:http').request({
    method,
    host: hostname,
    port: url.port === '' ? 80 : Number(url.port),
    path: url.pathname + url.search,
    agent: false,
    lookup: new NameLookup({ resolver: processResolver, clock, connectTimeout }).lookup,
  });
  // Not in the options, which NODE_DEBUG=http prints: the headers may contain a token.
  for (const [name, value] of Object.entries(headers)) request.setHeader(name, value);
  const timer = new RunningTimer({ clock, keepsAlive: true }, timeout, () => request.destroy(timedOut()));
  try {
    return await new Promise<PlainResponse>((resolve, reject) => {
      request.once('error', reject);
      request.once('response', (response) => {
        const chunks: Buffer[] = [];
        let length = 0;
        response.on('data', (chunk: Buffer) => {
          length += chunk.length;
          chunks.push(chunk);
          if (length > maxResponseBytes) request.destroy(new Error('The response is too large.'));
        });
        response.once('error', reject);
        response.once('end', () => {
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) });
        });
      });
      request.end(body);
    });
  } finally {
    timer.clear();
    request.destroy();
  }
}

function timedOut(): Error {
  return Object.assign(new Error('The request timed out.'), { code: 'ETIMEDOUT' });
}
