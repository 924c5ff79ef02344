import type { IncomingMessage, RequestOptions as HttpRequestOptions } from 'node:http';
import type { AgentOptions, RequestOptions } from 'node:https';
import type { Socket } from 'node:net';
import { builtinModule, requireModule } from '../platform/builtin-module.ts';
import { retryAfterOf } from './retry-after.ts';

const { isIP, isIPv6 } = builtinModule('node:net');

/** A proxy responded to CONNECT with a status other than 2xx. */
export class ProxyRefusal extends Error {
  override readonly name = 'ProxyRefusal';
  readonly code: string;
  readonly status: number;
  /** The authentication schemes that a 407 offers, such as `NTLM`. */
  readonly schemes: readonly string[];
  /** The delay that the proxy requests (ms). */
  readonly retryAfter: number | undefined;

  constructor(status: number, schemes: readonly string[], retryAfter?: number) {
    super(`The proxy responded to CONNECT with status ${status}.`);
    this.status = status;
    this.schemes = schemes;
    this.retryAfter = retryAfter;
    this.code = `PROXY_STATUS_${status}`;
  }
}

export interface TunnelRequest {
  readonly proxy: URL;
  /** Without brackets. */
  readonly host: string;
  readonly port: number;
  /** The options of the connection to the proxy: look-up, timeouts, TLS versions. */
  readonly connection: AgentOptions;
  /** Closes the connection to the proxy if it has not responded yet. */
  readonly signal: AbortSignal | undefined;
}

/**
 * Opens a tunnel through an HTTP proxy (CONNECT, RFC 9110, section 9.3.6). `callback` gets the socket, or a `ProxyRefusal`, or
 * the error of the connection to the proxy.
 */
export function openTunnel(
  { proxy, host, port, connection, signal }: TunnelRequest,
  callback: (error: Error | undefined, socket?: Socket) => void,
): void {
  const authority = `${isIPv6(host) ? `[${host}]` : host}:${port}`;
  const hostname = withoutBrackets(proxy.hostname);
  const isTls = proxy.protocol === 'https:';
  const options: HttpRequestOptions & RequestOptions = {
    ...connection,
    ...(signal === undefined ? {} : { signal }),
    method: 'CONNECT',
    host: hostname,
    port: proxyPort(proxy),
    path: authority,
    headers: { host: authority, connection: 'keep-alive' },
    agent: false,
    // Node would take it from the Host header. The proxy's password is sent over this connection, so it is verified.
    ...(isTls && { servername: isIP(hostname) === 0 ? hostname : '', rejectUnauthorized: true }),
  };
  const request = requireModule(isTls ? 'node:https' : 'node:http').request(options);
  // Not in the options, which NODE_DEBUG=http,https prints.
  for (const [name, value] of Object.entries(authorizationOf(proxy))) request.setHeader(name, value);
  request.once('connect', (response: IncomingMessage, socket: Socket, head: Buffer) => {
    const { statusCode: status = 0 } = response;
    if (status >= 200 && status < 300) {
      if (head.length > 0) socket.unshift(head);
      callback(undefined, socket);
      return;
    }
    socket.destroy();
    // Without a date of the proxy, `Retry-After` is only read in seconds.
    callback(new ProxyRefusal(status, schemesOf(response), retryAfterOf(response.headers, Number.NaN)));
  });
  // Stays attached: an aborted request emits an error, too.
  request.on('error', (error) => callback(error));
  request.end();
}

/** The default port is that of the scheme. */
export function proxyPort({ protocol, port }: URL): number {
  if (port !== '') return Number(port);
  return protocol === 'https:' ? 443 : 80;
}

export function withoutBrackets(hostname: string): string {
  return hostname.replaceAll(/[[\]]/gu, '');
}

function authorizationOf({ username, password }: URL): Record<string, string> {
  if (username === '' && password === '') return {};
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { 'proxy-authorization': `Basic ${Buffer.from(credentials).toString('base64')}` };
}

/** Only known names: the header is the proxy's text, and messages must not quote it. */
function schemesOf({ headers }: IncomingMessage): readonly string[] {
  const offered = (headers['proxy-authenticate'] ?? '').replaceAll(/"[^"]*"/gu, '');
  return knownSchemes.filter((scheme) => new RegExp(`(?:^|,)\\s*${scheme}(?![\\w=-])`, 'iu').test(offered));
}

const knownSchemes: readonly string[] = ['Basic', 'Digest', 'NTLM', 'Negotiate', 'Kerberos', 'Bearer'];

/** What to do about a refusal. Never quotes the proxy's response. */
export function proxyAdvice({ status, schemes }: ProxyRefusal): string {
  if (status !== 407) return 'Check whether it allows connections to this host.';
  if (schemes.length > 0 && !schemes.includes('Basic')) {
    return `It only accepts ${schemes.join(' or ')} authentication, and this client only supports Basic: use a proxy that accepts Basic, or allow this host without authentication.`;
  }
  return 'Check the user name and password in its URL.';
}
