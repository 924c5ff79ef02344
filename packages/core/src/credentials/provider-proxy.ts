import { request as httpsRequest } from 'node:https';
import type { Clock } from '../time/clock.ts';
import type { LibraryRequest, LibraryResponse } from './library-http.ts';
import { wrapDoRequest } from './library-http.ts';
import { isError } from '../secret/is-error.ts';

/** Returns the proxy for an HTTPS host such as `sts.aliyuncs.com`; `undefined` for a direct connection. */
export type ProxyResolver = (host: string) => URL | undefined;

/** A response of STS has about 2 kB. */
const maxResponseBytes = 65_536;

/** The library's own defaults (ms). */
const defaultTimeouts = { connect: 5_000, read: 10_000 };

/**
 * Sends the HTTPS requests of a provider of `@alicloud/credentials` through a proxy. The library reads `HTTPS_PROXY`, but does not
 * use it.
 */
export function routeThroughProxy(
  provider: object,
  { resolveProxy, clock }: { readonly resolveProxy: ProxyResolver | undefined; readonly clock: Clock },
): void {
  if (resolveProxy === undefined) return;
  wrapDoRequest(provider, (doRequest) => async (request) => {
    const url = new URL(request.toRequestURL());
    const proxy = url.protocol === 'https:' ? resolveProxy(url.host) : undefined;
    return proxy === undefined ? doRequest(request) : sendThroughProxy(request, { url, proxy, clock });
  });
}

interface ProxyRoute {
  readonly url: URL;
  readonly proxy: URL;
  readonly clock: Clock;
}

/** Opens a connection for each request: credentials are requested about once an hour. */
async function sendThroughProxy(request: LibraryRequest, { url, proxy, clock }: ProxyRoute): Promise<LibraryResponse> {
  const { HttpsProxyAgent } = await import('hpagent');
  // Also aborts the connection to the proxy. The socket to a proxy that never responds would stay open otherwise.
  const controller = new AbortController();
  const { signal } = controller;
  // hpagent forwards `signal`, but its types do not declare it. For a variable, TypeScript does not check excess properties.
  const proxyRequestOptions = { headers: {}, rejectUnauthorized: true, signal };
  const agent = new HttpsProxyAgent({
    proxy,
    // Explicit, so that NODE_TLS_REJECT_UNAUTHORIZED=0 does not disable verification.
    rejectUnauthorized: true,
    minVersion: 'TLSv1.2',
    proxyRequestOptions,
  });
  const { connectTimeout = defaultTimeouts.connect, readTimeout = defaultTimeouts.read } = request;
  const cancelTimer = clock.setTimer(connectTimeout + readTimeout, () => controller.abort());
  const form = request.bodyForm ?? {};
  const body = Object.entries(form).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  const headers = { 'Content-Type': 'application/x-www-form-urlencoded', ...request.headers };
  try {
    return await new Promise<LibraryResponse>((resolve, reject) => {
      const sent = httpsRequest(url, { method: request.method, headers, agent, signal }, (response) => {
        const chunks: Buffer[] = [];
        let received = 0;
        response.on('data', (chunk: Buffer) => {
          received += chunk.length;
          if (received > maxResponseBytes) response.destroy(new Error('The response is too large.'));
          else chunks.push(chunk);
        });
        response.on('error', reject);
        response.on('end', () => {
          const { statusCode = 0, headers: responseHeaders } = response;
          resolve({ statusCode, headers: responseHeaders, body: Buffer.concat(chunks) });
        });
      });
      sent.on('error', reject).end(body.join('&'));
    });
  } catch (error) {
    throw withCode(error, signal.aborted);
  } finally {
    cancelTimer();
    agent.destroy();
  }
}

/** Adds a code to the error. hpagent reports the status of a proxy that refuses CONNECT only in the message. */
function withCode(error: unknown, isTimeout: boolean): unknown {
  if (!isError(error)) return error;
  if (isTimeout) return Object.assign(new Error('The request timed out.'), { code: 'ETIMEDOUT' });
  const status = /^Bad response: (?<status>\d{3})$/u.exec(error.message)?.groups?.['status'];
  return status === undefined ? error : Object.assign(error, { code: `PROXY_STATUS_${status}` });
}
