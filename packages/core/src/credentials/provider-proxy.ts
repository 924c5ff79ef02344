import { request as httpsRequest } from 'node:https';
import type { Clock } from '../time/clock.ts';

/** Which proxy leads to an HTTPS host, such as `sts.aliyuncs.com`; `undefined` for none. */
export type ProxyResolver = (host: string) => URL | undefined;

/** The library's request, as its own `doRequest` reads it (providers/http.js of 2.4.7). */
interface LibraryRequest {
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly bodyForm?: Readonly<Record<string, string>> | undefined;
  readonly connectTimeout?: number | undefined;
  readonly readTimeout?: number | undefined;
  toRequestURL(): string;
}

interface LibraryResponse {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: Buffer;
}

type DoRequest = (request: LibraryRequest) => Promise<LibraryResponse>;

/** STS answers with some two kilobytes. */
const longestReply = 65_536;

/**
 * Lets a provider of `@alicloud/credentials` ask STS by the proxy that everything else goes by: the library reads `HTTPS_PROXY`
 * and does nothing about it. By `doRequest`, the seam of its own tests; without that property, or a proxy, nothing is changed.
 */
export function routeThroughProxy(
  provider: object,
  { proxyTo, clock }: { readonly proxyTo: ProxyResolver | undefined; readonly clock: Clock },
): void {
  const doRequest: unknown = Reflect.get(provider, 'doRequest');
  if (proxyTo === undefined || typeof doRequest !== 'function') return;
  const proxied: DoRequest = async (request) => {
    const url = new URL(request.toRequestURL());
    const proxy = url.protocol === 'https:' ? proxyTo(url.host) : undefined;
    // As its own callers use it.
    return proxy === undefined ? (doRequest as DoRequest)(request) : send(request, { url, proxy, clock });
  };
  Reflect.set(provider, 'doRequest', proxied);
}

interface ProxyRoute {
  readonly url: URL;
  readonly proxy: URL;
  readonly clock: Clock;
}

/** One request by a connection of its own: credentials are asked for once an hour. */
async function send(request: LibraryRequest, { url, proxy, clock }: ProxyRoute): Promise<LibraryResponse> {
  const { HttpsProxyAgent } = await import('hpagent');
  // Also for the connection to the proxy: one that never answers must not keep its socket.
  const over = new AbortController();
  const { signal } = over;
  // A variable and no literal in its place: hpagent hands `signal` on, and its types do not know it.
  const proxyRequestOptions = { headers: {}, rejectUnauthorized: true, signal };
  const agent = new HttpsProxyAgent({
    proxy,
    // Said aloud, so that NODE_TLS_REJECT_UNAUTHORIZED=0 does not switch the checks off.
    rejectUnauthorized: true,
    minVersion: 'TLSv1.2',
    proxyRequestOptions,
  });
  const { connectTimeout = 5_000, readTimeout = 10_000 } = request;
  const callOff = clock.setTimer(connectTimeout + readTimeout, () => over.abort());
  const form = request.bodyForm ?? {};
  const body = Object.entries(form).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  const headers = { 'Content-Type': 'application/x-www-form-urlencoded', ...request.headers };
  try {
    return await new Promise<LibraryResponse>((resolve, reject) => {
      const sent = httpsRequest(url, { method: request.method, headers, agent, signal }, (response) => {
        const chunks: Buffer[] = [];
        let length = 0;
        response.on('data', (chunk: Buffer) => {
          length += chunk.length;
          if (length > longestReply) response.destroy(new Error('The reply is too long.'));
          else chunks.push(chunk);
        });
        response.on('error', reject);
        response.on('end', () => {
          const { statusCode = 0, headers: answered } = response;
          resolve({ statusCode, headers: answered, body: Buffer.concat(chunks) });
        });
      });
      sent.on('error', reject).end(body.join('&'));
    });
  } catch (error) {
    throw named(error, signal.aborted);
  } finally {
    callOff();
    agent.destroy();
  }
}

/** With a code that says what happened: what hpagent says of a proxy that refuses stands in its message alone. */
function named(error: unknown, isLate: boolean): unknown {
  if (!(error instanceof Error)) return error;
  const refusal = /^Bad response: (?<status>\d{3})$/u.exec(error.message)?.groups?.['status'];
  if (isLate) return Object.assign(new Error('The time was over.'), { code: 'ETIMEDOUT' });
  return refusal === undefined ? error : Object.assign(error, { code: `PROXY_ANSWERED_${refusal}` });
}
