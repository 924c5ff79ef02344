import { request } from 'node:https';
import type { LookupFunction } from 'node:net';
import type { DetailedPeerCertificate, TLSSocket } from 'node:tls';
import { errorCode } from '@kms-secrets/core/internal';

/** A certificate in the chain of a server. */
export interface ProbedCertificate {
  readonly subject: string;
  readonly altNames: string | undefined;
  readonly validTo: string;
}

/** How far a connection to an endpoint came. */
export interface Probe {
  /** The step that failed; `undefined` if all succeeded. */
  failedAt: 'dns' | 'tcp' | 'tls' | 'response' | undefined;
  /** The code of the error, such as `ENOTFOUND`. */
  code: string | undefined;
  address: string | undefined;
  protocol: string | undefined;
  /** From that of the server to that of the root. */
  chain: readonly ProbedCertificate[];
  /** Why the chain is not trusted. */
  untrusted: string | undefined;
  /** The date of the server, in milliseconds since 1970. */
  date: number | undefined;
}

export interface ProbeTarget {
  /** Without brackets. */
  readonly hostname: string;
  readonly port: number;
  readonly ca: string | undefined;
  /** Milliseconds for the whole probe. */
  readonly timeout: number;
  /** Default: that of Node. */
  readonly lookup?: LookupFunction | undefined;
}

const maxChainLength = 8;

/**
 * Connects to an endpoint step by step, and sends a request without a name, a signature or any other content, for the date of the
 * server. An untrusted certificate does not end it: nothing secret is sent, and its names show the cause.
 */
export function probe({ hostname, port, ca, timeout, lookup }: ProbeTarget): Promise<Probe> {
  const result: Probe = {
    failedAt: 'dns',
    code: undefined,
    address: undefined,
    protocol: undefined,
    chain: [],
    untrusted: undefined,
    date: undefined,
  };
  return new Promise((resolve) => {
    const sent = request({
      host: hostname,
      port,
      method: 'POST',
      path: '/',
      ca,
      lookup,
      agent: false,
      rejectUnauthorized: false,
      headers: { 'content-length': 0, connection: 'close' },
    });
    const timer = setTimeout(() => sent.destroy(Object.assign(new Error('timeout'), { code: 'ETIMEDOUT' })), timeout);
    const end = (): void => {
      clearTimeout(timer);
      sent.destroy();
      resolve(result);
    };
    sent.once('error', (error) => {
      result.code ??= errorCode(error) ?? 'unknown error';
      end();
    });
    sent.once('socket', (socket) => {
      // An address needs no DNS.
      if (socket.connecting && isAddress(hostname)) result.failedAt = 'tcp';
      socket.once('lookup', (error: unknown, address: string) => {
        if (error !== null && error !== undefined) return;
        result.address = address;
        result.failedAt = 'tcp';
      });
      socket.once('connect', () => {
        result.address ??= hostname;
        result.failedAt = 'tls';
      });
      socket.once('secureConnect', () => {
        recordCertificates(socket as TLSSocket, result); // of an https request
        result.failedAt = 'response';
      });
    });
    sent.once('response', (response) => {
      const date = Date.parse(response.headers.date ?? '');
      if (!Number.isNaN(date)) result.date = date;
      result.failedAt = undefined;
      response.resume();
      end();
    });
    sent.end();
  });
}

function isAddress(hostname: string): boolean {
  return hostname.includes(':') || /^[\d.]+$/u.test(hostname);
}

function recordCertificates(socket: TLSSocket, result: Probe): void {
  result.protocol = socket.getProtocol() ?? undefined;
  const chain: ProbedCertificate[] = [];
  let certificate: DetailedPeerCertificate | undefined = socket.getPeerCertificate(true);
  while (certificate?.subject !== undefined && chain.length < maxChainLength) {
    const { subject, subjectaltname, valid_to: validTo } = certificate;
    chain.push({ subject: plain(subject.CN), altNames: plain(subjectaltname), validTo });
    const issuer: DetailedPeerCertificate | undefined = certificate.issuerCertificate;
    // The certificate of a root is its own issuer.
    certificate = issuer === certificate ? undefined : issuer;
  }
  result.chain = chain;
  const { authorizationError } = socket as { authorizationError?: unknown };
  if (!socket.authorized) result.untrusted = errorCode(authorizationError) ?? String(authorizationError);
}

/** The server controls these texts. */
function plain(text: string | readonly string[] | undefined): string {
  return String(text ?? '')
    .replaceAll(/\p{Cc}/gu, '?')
    .slice(0, 200);
}
