import type { KeyObject } from 'node:crypto';
import { builtinModule } from '../../platform/builtin-module.ts';

const { createHash, createHmac, hash, randomFillSync } = builtinModule('node:crypto');

/** What the signature covers. Header names are lower case; header values are trimmed. */
export interface SignableRequest {
  readonly method: string;
  readonly path: string;
  /** The canonical query: see `canonicalQuery`. It is sent unchanged. */
  readonly query: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly signed: SignedNames;
  /** The SHA-256 of the body in lower-case hex, as in `x-acs-content-sha256`. */
  readonly bodyHash: string;
}

/** The headers that are signed, in byte order of their names. */
export interface SignedNames {
  /** `start`: the text in front of the value. The fewer strings a request joins, the less garbage. */
  readonly headers: readonly { readonly name: string; readonly start: string }[];
  /** As the signature lists them. */
  readonly list: string;
}

export function signedNames(names: readonly string[]): SignedNames {
  return { headers: names.map((name) => ({ name, start: `\n${name}:` })), list: names.join(';') };
}

/** The signing key. The security token of temporary credentials is a header. */
export interface AccessKey {
  readonly accessKeyId: string;
  /** A `KeyObject` signs faster than a string. */
  readonly accessKeySecret: string | KeyObject;
}

const algorithm = 'ACS3-HMAC-SHA256';

/** The SHA-256 of the empty body: all parameters are in the query. */
export const emptyBodyHash: string = sha256('');

/**
 * Returns the `authorization` header of signature version 3 of the Alibaba Cloud OpenAPI
 * (https://www.alibabacloud.com/help/en/sdk/product-overview/v3-request-structure-and-signature).
 */
export function authorization(request: SignableRequest, key: AccessKey): string {
  const signature = createHmac('sha256', key.accessKeySecret).update(stringToSign(request)).digest('hex');
  return `${algorithm} Credential=${key.accessKeyId},SignedHeaders=${request.signed.list},Signature=${signature}`;
}

export function stringToSign(request: SignableRequest): string {
  return `${algorithm}\n${sha256(canonicalRequest(request))}`;
}

export function canonicalRequest({ method, path, query, headers, signed, bodyHash }: SignableRequest): string {
  let text = `${method}\n${path}\n${query}`;
  for (const { name, start } of signed.headers) text += start + (headers[name] ?? '');
  return `${text}\n\n${signed.list}\n${bodyHash}`;
}

/** Encodes the values of parameters, which must be in byte order of their names, all ASCII letters. Omits those that are `undefined`. */
export function canonicalQuery(parameters: Readonly<Record<string, string | undefined>>): string {
  let query = '';
  for (const name in parameters) {
    const value = parameters[name];
    if (value !== undefined) query += `${query === '' ? '' : '&'}${name}=${percentEncode(value)}`;
  }
  return query;
}

const hasUnencoded = /[!'()*]/;

/**
 * Encodes all characters but `A-Z a-z 0-9 - _ . ~` (RFC 3986). `encodeURIComponent` leaves five more characters, one of which is
 * in the names of secrets that cloud products create: `product!name`.
 */
export function percentEncode(text: string): string {
  const encoded = encodeURIComponent(text);
  return hasUnencoded.test(encoded) ? encoded.replaceAll(/[!'()*]/gu, hexEscape) : encoded;
}

/**
 * Formats a date for the signature: UTC, without a fraction. The text is cached for a second, because formatting takes as long as
 * hashing a request.
 */
export function signatureDate(milliseconds: number): string {
  const second = Math.floor(milliseconds / 1_000);
  if (second !== cachedDate.second) {
    cachedDate = { second, text: `${new Date(milliseconds).toISOString().slice(0, 19)}Z` };
  }
  return cachedDate.text;
}

let cachedDate: { readonly second: number; readonly text: string } = { second: Number.NaN, text: '' };

const nonceLength = 16;
const randomBytes = Buffer.allocUnsafeSlow(nonceLength * 128);
let usedBytes = randomBytes.length;

/** A random text for a signature. `randomUUID` joins twenty strings, and takes more time and memory. */
export function signatureNonce(): string {
  if (usedBytes === randomBytes.length) {
    randomFillSync(randomBytes);
    usedBytes = 0;
  }
  usedBytes += nonceLength;
  return randomBytes.toString('hex', usedBytes - nonceLength, usedBytes);
}

function hexEscape(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}

function sha256(text: string): string {
  // Node 20.11 of Function Compute does not have `hash`, which creates no object.
  return typeof hash === 'function' ? hash('sha256', text) : createHash('sha256').update(text).digest('hex');
}
