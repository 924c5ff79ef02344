import { createHash, createHmac } from 'node:crypto';

import { missing, refusal } from '../api/api-error.ts';
import type { Protocol, SecretSignedRequest, WireRequest } from './protocol.ts';
import { openApiVersion } from './protocol.ts';
import { askedFor, glanceAtParameters, readParameters, readQuery } from './parameters.ts';
import { canonicalQuery, compareBytes } from './percent-encode.ts';

const algorithm = 'ACS3-HMAC-SHA256';

/** Headers every request must carry and sign, with the name they are missed by. */
const mandatory: ReadonlyMap<string, string> = new Map([
  ['x-acs-action', 'Action'],
  ['x-acs-version', 'Version'],
  ['x-acs-date', 'Timestamp'],
  ['x-acs-signature-nonce', 'SignatureNonce'],
  ['x-acs-content-sha256', 'ContentSha256'],
]);

/**
 * Signature version 3: identity and signature in headers, HMAC-SHA256 over method, path, query, headers and body hash.
 * (Alibaba Cloud, "Request syntax and signature method V3".)
 */
export const acs3: Protocol<SecretSignedRequest> = {
  name: 'acs3',
  version: openApiVersion,

  isSpokenIn: (request) => request.headers.authorization?.startsWith('ACS3-') === true,

  glance(request) {
    const accessKeyId = /Credential=([^,\s]+)/.exec(request.headers.authorization ?? '')?.[1];
    const identity = { action: header(request, 'x-acs-action'), accessKeyId };
    return { format: 'json', asked: { ...identity, ...askedFor(glanceAtParameters(request)) } };
  },

  read(request) {
    refuseRepeatedHeaders(request);
    const { accessKeyId, signedHeaders, signature } = readAuthorization(request.headers.authorization ?? '');
    for (const [name, missedAs] of mandatory) if ((header(request, name) ?? '') === '') throw missing(missedAs);
    checkSignedHeaders(request, signedHeaders);
    const bodyHash = sha256Hex(request.body);
    if (header(request, 'x-acs-content-sha256') !== bodyHash) {
      throw refusal('IncompleteSignature', ' x-acs-content-sha256 is not the lower-case hex SHA-256 of the body.');
    }
    const claimedKeyId = header(request, 'x-acs-accesskey-id');
    if (claimedKeyId !== undefined && claimedKeyId !== accessKeyId) {
      throw refusal('IncompleteSignature', ' x-acs-accesskey-id is not the id of Credential.');
    }

    const stringToSign = acs3StringToSign(acs3CanonicalRequest(request, signedHeaders));
    return {
      action: header(request, 'x-acs-action') ?? '',
      version: header(request, 'x-acs-version') ?? '',
      timestamp: header(request, 'x-acs-date') ?? '',
      nonce: header(request, 'x-acs-signature-nonce') ?? '',
      securityToken: header(request, 'x-acs-security-token'),
      accessKeyId,
      signature,
      stringToSign,
      parameters: readParameters(request),
      sign: (accessKeySecret) => acs3Signature(accessKeySecret, stringToSign),
    } satisfies SecretSignedRequest;
  },
};

export function acs3CanonicalRequest(request: WireRequest, signedHeaders: readonly string[]): string {
  return [
    request.method,
    request.path,
    canonicalQuery(readQuery(request)),
    // Each header ends its own line, so the block is followed by an empty one.
    signedHeaders.map((name) => `${name}:${header(request, name) ?? ''}\n`).join(''),
    signedHeaders.join(';'),
    sha256Hex(request.body),
  ].join('\n');
}

export function acs3StringToSign(canonicalRequest: string): string {
  return `${algorithm}\n${sha256Hex(Buffer.from(canonicalRequest, 'utf8'))}`;
}

/** The key is the secret itself: no `&` behind it, unlike version 1. */
export function acs3Signature(accessKeySecret: string, stringToSign: string): string {
  return createHmac('sha256', accessKeySecret).update(stringToSign, 'utf8').digest('hex');
}

function readAuthorization(text: string): { accessKeyId: string; signedHeaders: string[]; signature: string } {
  const match = /^(\S+) +Credential=([^,\s]+), *SignedHeaders=([^,\s]+), *Signature=([^,\s]+)$/.exec(text);
  const [, used, accessKeyId, names, signature] = match ?? [];
  if (used !== undefined && used !== algorithm) throw refusal('InvalidSignatureMethod');
  if (accessKeyId === undefined || names === undefined || signature === undefined) {
    throw refusal('IncompleteSignature', ' Authorization must hold Credential, SignedHeaders and Signature.');
  }
  return { accessKeyId, signedHeaders: names.split(';'), signature };
}

/** A header that is sent but not signed could be changed on the way, so none of those that matter may be left out. */
function checkSignedHeaders(request: WireRequest, signedHeaders: readonly string[]): void {
  const sorted = [...new Set(signedHeaders)].toSorted(compareBytes);
  if (sorted.join(';') !== signedHeaders.join(';')) {
    throw refusal('IncompleteSignature', ' SignedHeaders must be sorted and hold no name twice.');
  }
  const needed = Object.keys(request.headers).filter((name) => name.startsWith('x-acs-') || name === 'content-type');
  for (const name of ['host', ...mandatory.keys(), ...needed]) {
    if (!signedHeaders.includes(name)) throw refusal('IncompleteSignature', ` The header ${name} is not signed.`);
  }
  // Names are looked up in lower case, so one in capitals counts as not sent.
  for (const name of signedHeaders) {
    if (header(request, name) === undefined)
      throw refusal('IncompleteSignature', ` The header ${name} is signed but not sent.`);
  }
}

/** Node joins repeated headers with commas or drops the second, so only the raw list shows that there were two. */
function refuseRepeatedHeaders(request: WireRequest): void {
  const seen = new Set<string>();
  for (const name of request.rawHeaders.filter((_, index) => index % 2 === 0).map((raw) => raw.toLowerCase())) {
    const isOurs = name.startsWith('x-acs-') || ['host', 'authorization', 'content-type'].includes(name);
    if (isOurs && seen.has(name)) throw refusal('IncompleteSignature', ` The header ${name} is sent more than once.`);
    seen.add(name);
  }
}

function header(request: WireRequest, name: string): string | undefined {
  const value = request.headers[name];
  return typeof value === 'string' ? value.trim() : undefined;
}

function sha256Hex(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
