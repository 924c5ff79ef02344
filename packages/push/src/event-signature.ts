import { verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { Clock } from '@kms-secrets/core';
import type { CertificateKeys } from './certificate-keys.ts';
import { isTrustedCertificateUrl } from './certificate-url.ts';
import type { CertificateHosts } from './certificate-url.ts';
import type { Tokens } from './token.ts';

/** Reads a header by its name in lower case. */
export type HeaderReader = (name: string) => string | undefined;

export const signatureHeader = 'x-eventbridge-signature-v2';

const headerNames = {
  timestamp: 'x-eventbridge-signature-timestamp',
  hashMethod: 'x-eventbridge-hash-method',
  signatureMethod: 'x-eventbridge-signature-method',
  version: 'x-eventbridge-signature-version',
  url: 'x-eventbridge-signature-url',
  token: 'x-eventbridge-signature-token',
} as const;

/** A signature is valid for this long before and after its date (ms). */
const validity = 60_000;

export interface EventSignaturesParts {
  readonly clock: Clock;
  /** The URLs of the HTTP targets, as the console shows them. */
  readonly urls: readonly string[];
  readonly hosts: CertificateHosts;
  /** `undefined` if the target has no token. */
  readonly tokens: Tokens | undefined;
  readonly keys: Pick<CertificateKeys, 'get'>;
}

/** The headers of a request that may be from EventBridge. */
export interface SignedHeaders {
  readonly lines: string;
  readonly certificateUrl: string;
  readonly signature: Buffer;
}

export type SignatureProblem = 'headers' | 'late' | 'token' | 'certificateUrl';

/**
 * Verifies version 2 of the signature of EventBridge: RSA-SHA256 over the URL of the target, five headers and the body.
 * https://www.alibabacloud.com/help/en/eventbridge/user-guide/signature-algorithm
 */
export class EventSignatures {
  readonly #parts: EventSignaturesParts;

  constructor(parts: EventSignaturesParts) {
    this.#parts = parts;
  }

  /** Checks what needs neither the body nor a certificate. */
  readHeaders(header: HeaderReader): SignedHeaders | SignatureProblem {
    const { clock, hosts, tokens } = this.#parts;
    const timestamp = header(headerNames.timestamp) ?? '';
    const version = header(headerNames.version) ?? '';
    const certificateUrl = header(headerNames.url) ?? '';
    const signature = header(signatureHeader) ?? '';
    const token = header(headerNames.token);
    const method = methodLine(header);
    if (!/^\d{13}$/u.test(timestamp) || !/^[\w.-]{1,20}$/u.test(version) || method === undefined) return 'headers';
    if (!/^[\dA-Za-z+/]{300,1400}={0,2}$/u.test(signature)) return 'headers';
    if (Math.abs(clock.date() - Number(timestamp)) > validity) return 'late';
    if (tokens !== undefined && !tokens.includes(token)) return 'token';
    if (!isTrustedCertificateUrl(certificateUrl, hosts)) return 'certificateUrl';
    const lines = [
      `${headerNames.timestamp}: ${timestamp}`,
      method,
      `${headerNames.version}: ${version}`,
      `${headerNames.url}: ${certificateUrl}`,
      ...(token === undefined || token === '' ? [] : [`${headerNames.token}: ${token}`]),
    ];
    return { lines: lines.join('\n'), certificateUrl, signature: Buffer.from(signature, 'base64') };
  }

  /** Resolves to whether EventBridge signed the request. Rejects if the certificate cannot be loaded. */
  async verify({ lines, certificateUrl, signature }: SignedHeaders, body: Uint8Array): Promise<boolean> {
    const key = await this.#parts.keys.get(certificateUrl);
    return this.#parts.urls.some((url) =>
      separators.some((separator) => isSigned(key, [`${url}\n${lines}${separator}`, body], signature)),
    );
  }
}

/**
 * Between the headers and the body: a line break according to the documentation, an empty line according to other descriptions. Both
 * sign the same headers and the same JSON.
 */
const separators = ['\n', '\n\n'] as const;

/** The algorithm of the signature never comes from the request: the header is only text that is signed. */
function methodLine(header: HeaderReader): string | undefined {
  const hash = header(headerNames.hashMethod);
  if (hash !== undefined) return hash.toUpperCase() === 'SHA256' ? `${headerNames.hashMethod}: ${hash}` : undefined;
  const method = header(headerNames.signatureMethod) ?? '';
  return /^[\w.-]{1,40}$/u.test(method) ? `${headerNames.signatureMethod}: ${method}` : undefined;
}

function isSigned(key: KeyObject, [head, body]: readonly [string, Uint8Array], signature: Buffer): boolean {
  return verify('sha256', Buffer.concat([Buffer.from(head), body]), key, signature);
}
