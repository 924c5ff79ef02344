import { createHash, createHmac } from 'node:crypto';

import { apiError, missingParameter } from '../api/api-error.ts';
import { claimsIn, parseParameters, parseQuery, peekParameters } from './parameters.ts';
import { canonicalQuery, compareBytes } from './percent-encode.ts';
import { openApiVersion } from './protocol.ts';
import type { HmacSignedRequest, Protocol, WireRequest } from './protocol.ts';

const algorithm = 'ACS3-HMAC-SHA256';

/** Headers that every request must send and sign, with their name in the error for a missing one. */
const mandatoryHeaders: ReadonlyMap<string, string> = new Map([
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
export const acs3: Protocol<HmacSignedRequest> = {
  name: 'acs3',
  version: openApiVersion,

  matches: (request) => request.headers.authorization?.startsWith('ACS3-') === true,

  peek(request) {
    const accessKeyId = /Credential=([^,\s]+)/.exec(request.headers.authorization ?? '')?.[1];
    const identity = { action: header(request, 'x-acs-action'), accessKeyId };
    return { format: 'json', claims: { ...identity, ...claimsIn(peekParameters(request)) } };
  },

  parse(request) {
    rejectDuplicateHeaders(request);
    const { accessKeyId, signedHeaders, signature } = parseAuthorization(request.headers.authorization ?? '');
    for (const [name, parameter] of mandatoryHeaders) {
      if ((header(request, name) ?? '') === '') throw missingParameter(parameter);
    }
    checkSignedHeaders(request, signedHeaders);
    const bodyHash = sha256Hex(request.body);
    if (header(request, 'x-acs-content-sha256') !== bodyHash) {
      throw apiError('IncompleteSignature', ' x-acs-content-sha256 is not the lower-case hex SHA-256 of the body.');
    }
    const claimedKeyId = header(request, 'x-acs-accesskey-id');
    if (claimedKeyId !== undefined && claimedKeyId !== accessKeyId) {
      throw apiError('IncompleteSignature', ' x-acs-accesskey-id differs from the id in Credential.');
    }

    const canonicalRequest = acs3CanonicalRequest(request, signedHeaders);
    const stringToSign = acs3StringToSign(canonicalRequest);
    return {
      action: header(request, 'x-acs-action') ?? '',
      version: header(request, 'x-acs-version') ?? '',
      timestamp: header(request, 'x-acs-date') ?? '',
      nonce: header(request, 'x-acs-signature-nonce') ?? '',
      securityToken: header(request, 'x-acs-security-token'),
      accessKeyId,
      signature,
      stringToSign,
      canonicalRequest,
      parameters: parseParameters(request),
      sign: (accessKeySecret) => acs3Signature(accessKeySecret, stringToSign),
    } satisfies HmacSignedRequest;
  },
};

export function acs3CanonicalRequest(request: WireRequest, signedHeaders: readonly string[]): string {
  return [
    request.method,
    request.path,
    canonicalQuery(parseQuery(request)),
    // Each header line ends in a line feed, so an empty line follows the block.
    signedHeaders.map((name) => `${name}:${header(request, name) ?? ''}\n`).join(''),
    signedHeaders.join(';'),
    sha256Hex(request.body),
  ].join('\n');
}

export function acs3StringToSign(canonicalRequest: string): string {
  return `${algorithm}\n${sha256Hex(Buffer.from(canonicalRequest, 'utf8'))}`;
}

/** The HMAC key is the access key secret, without the `&` of version 1. */
export function acs3Signature(accessKeySecret: string, stringToSign: string): string {
  return createHmac('sha256', accessKeySecret).update(stringToSign, 'utf8').digest('hex');
}

function parseAuthorization(text: string): { accessKeyId: string; signedHeaders: string[]; signature: string } {
  const match = /^(\S+) +Credential=([^,\s]+), *SignedHeaders=([^,\s]+), *Signature=([^,\s]+)$/.exec(text);
  const [, algorithmName, accessKeyId, names, signature] = match ?? [];
  if (algorithmName !== undefined && algorithmName !== algorithm) throw apiError('InvalidSignatureMethod');
  if (accessKeyId === undefined || names === undefined || signature === undefined) {
    throw apiError('IncompleteSignature', ' Authorization must contain Credential, SignedHeaders and Signature.');
  }
  return { accessKeyId, signedHeaders: names.split(';'), signature };
}

/** An unsigned header could be changed in transit, so every header that affects the request must be signed. */
function checkSignedHeaders(request: WireRequest, signedHeaders: readonly string[]): void {
  const sorted = [...new Set(signedHeaders)].toSorted(compareBytes);
  if (sorted.join(';') !== signedHeaders.join(';')) {
    throw apiError('IncompleteSignature', ' SignedHeaders must be sorted, without duplicates.');
  }
  const sentHeaders = Object.keys(request.headers).filter(
    (name) => name.startsWith('x-acs-') || name === 'content-type',
  );
  for (const name of ['host', ...mandatoryHeaders.keys(), ...sentHeaders]) {
    if (!signedHeaders.includes(name)) throw apiError('IncompleteSignature', ` The header ${name} is not signed.`);
  }
  // Node stores header names in lower case, so a name in upper case is not found.
  for (const name of signedHeaders) {
    if (header(request, name) === undefined)
      throw apiError('IncompleteSignature', ` The header ${name} is signed but not sent.`);
  }
}

/** Node joins duplicate headers or drops all but the first, so only the raw list shows them. */
function rejectDuplicateHeaders(request: WireRequest): void {
  const seen = new Set<string>();
  for (const name of request.rawHeaders.filter((_, index) => index % 2 === 0).map((raw) => raw.toLowerCase())) {
    const isRelevant = name.startsWith('x-acs-') || ['host', 'authorization', 'content-type'].includes(name);
    if (isRelevant && seen.has(name))
      throw apiError('IncompleteSignature', ` The header ${name} is sent more than once.`);
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
