import { ConnectionAgent } from '../network/connection-agent.ts';
import { hostOf, sendRequest } from '../network/send-request.ts';
import type { CancelHandle, RequestOutcome } from '../network/send-request.ts';
import type { Clock } from '../time/clock.ts';
import type { LibraryRequest, LibraryResponse } from './library-http.ts';
import { wrapDoRequest } from './library-http.ts';
import { sendPlainRequest } from '../network/send-plain-request.ts';
import { RunningTimer } from '../time/running-timer.ts';

/** Returns the proxy for an HTTPS host such as `sts.aliyuncs.com`; `undefined` for a direct connection. */
export type ProxyResolver = (host: string) => URL | undefined;

/** A response of STS has about 2 kB. */
const maxResponseBytes = 65_536;

/** The library's own defaults (ms). */
const defaultTimeouts = { connect: 5_000, read: 10_000 };

interface ChannelParts {
  readonly resolveProxy: ProxyResolver | undefined;
  readonly clock: Clock;
}

/**
 * Sends the requests of a provider of `@alicloud/credentials` as requests to KMS are sent. The library ignores `HTTPS_PROXY`,
 * trusts any certificate under NODE_TLS_REJECT_UNAUTHORIZED=0, and prints tokens and credentials under DEBUG.
 */
export function sendOverOwnChannel(provider: object, parts: ChannelParts): void {
  wrapDoRequest(provider, () => async (request) => {
    const url = new URL(request.toRequestURL());
    return url.protocol === 'https:' ? send(request, url, parts) : sendPlain(request, url, parts);
  });
}

/** To the metadata service, or to a credentials address: on the machine itself, so not through a proxy. */
async function sendPlain(request: LibraryRequest, url: URL, { clock }: ChannelParts): Promise<LibraryResponse> {
  const { method, headers } = request;
  const { connect, read } = timeoutsOf(request);
  const { body } = toForm(request, url);
  const form = body === undefined ? {} : formHeaders(body);
  const response = await sendPlainRequest({
    url,
    method,
    headers: { ...headers, ...form },
    body,
    clock,
    maxResponseBytes,
    connectTimeout: connect,
    timeout: connect + read,
  });
  return { statusCode: response.status, headers: response.headers, body: response.body };
}

function timeoutsOf({ connectTimeout, readTimeout }: LibraryRequest): typeof defaultTimeouts {
  return { connect: connectTimeout ?? defaultTimeouts.connect, read: readTimeout ?? defaultTimeouts.read };
}

/** Opens a connection for each request: credentials are requested about once an hour. */
async function send(
  request: LibraryRequest,
  url: URL,
  { resolveProxy, clock }: ChannelParts,
): Promise<LibraryResponse> {
  const { method, headers } = request;
  const { connect: connectTimeout, read } = timeoutsOf(request);
  const agent = new ConnectionAgent({ clock, connectTimeout, proxy: resolveProxy?.(url.host) });
  const handle: CancelHandle = { isCancelled: false, cancel: undefined };
  const ms = connectTimeout + read;
  const timer = new RunningTimer({ clock, keepsAlive: true }, ms, () => handle.cancel?.());
  const { path, body } = toForm(request, url);
  const form = body === undefined ? {} : formHeaders(body);
  try {
    const outcome = await sendRequest(
      { agent, host: hostOf(url), clock, connectTimeout, maxResponseBytes },
      { method, path, headers: { ...headers, host: url.host, ...form }, body },
      handle,
    );
    if (outcome.kind !== 'response') throw errorOf(outcome);
    return { statusCode: outcome.status, headers: outcome.headers, body: outcome.body };
  } finally {
    timer.clear();
    agent.destroy();
  }
}

/**
 * Moves the parameters of a signed request from the query to the body, where STS reads them as well: the URLs of requests end
 * up in traces and logs, and the query contains the access key id, the signature and the security token.
 */
function toForm({ bodyForm = {} }: LibraryRequest, { pathname, search, searchParams }: URL): FormRequest {
  const isSigned = searchParams.has('Signature');
  const form = Object.entries(bodyForm).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  const parameters = isSigned ? [search.slice(1), ...form] : form;
  return {
    path: isSigned ? pathname : pathname + search,
    body: parameters.length === 0 ? undefined : Buffer.from(parameters.join('&')),
  };
}

interface FormRequest {
  readonly path: string;
  readonly body: Buffer | undefined;
}

function formHeaders(body: Buffer): Record<string, string> {
  return { 'content-type': 'application/x-www-form-urlencoded', 'content-length': String(body.length) };
}

function errorOf(outcome: Exclude<RequestOutcome, { readonly kind: 'response' }>): Error {
  switch (outcome.kind) {
    case 'error':
    case 'staleSocket':
      return outcome.error;
    case 'connectTimeout':
    case 'cancelled':
      return Object.assign(new Error('The request timed out.'), { code: 'ETIMEDOUT' });
    case 'truncated':
      return Object.assign(new Error('The response was truncated.'), { code: 'ECONNRESET' });
    case 'tooLarge':
      return new Error('The response is too large.');
    default:
      return outcome satisfies never;
  }
}
