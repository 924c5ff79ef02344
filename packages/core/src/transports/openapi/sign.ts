import { createHmac, hash } from 'node:crypto';

/** What a signature covers. Header names are lower-case and in byte order; values have no blanks around them. */
export interface SignableRequest {
  readonly method: string;
  readonly path: string;
  /** As `canonicalQuery` makes it, which is also how it goes over the wire. */
  readonly query: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The SHA-256 of the body, in lower-case hex: what `x-acs-content-sha256` says too. */
  readonly bodyHash: string;
}

/** Whose signature it is; the security token of temporary credentials is one of the headers. */
export interface AccessKey {
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
}

const algorithm = 'ACS3-HMAC-SHA256';

/** The SHA-256 of no body: every parameter of GetSecretValue goes in the query. */
export const emptyBodyHash: string = sha256('');

/**
 * The value of the `authorization` header by signature version 3 of Alibaba Cloud's OpenAPI
 * (https://www.alibabacloud.com/help/en/sdk/product-overview/v3-request-structure-and-signature).
 */
export function authorization(request: SignableRequest, key: AccessKey): string {
  const names = signedNames(request.headers);
  const signature = createHmac('sha256', key.accessKeySecret).update(stringToSign(request, names)).digest('hex');
  return `${algorithm} Credential=${key.accessKeyId},SignedHeaders=${names},Signature=${signature}`;
}

export function stringToSign(request: SignableRequest, names: string = signedNames(request.headers)): string {
  return `${algorithm}\n${sha256(canonicalRequest(request, names))}`;
}

export function canonicalRequest(request: SignableRequest, names: string = signedNames(request.headers)): string {
  const { method, path, query, headers, bodyHash } = request;
  let lines = '';
  for (const name in headers) lines += `${name}:${headers[name]}\n`;
  return `${method}\n${path}\n${query}\n${lines}\n${names}\n${bodyHash}`;
}

/** The query of parameters that come in byte order of their names; one that is `undefined` is not given. */
export function canonicalQuery(parameters: Readonly<Record<string, string | undefined>>): string {
  let query = '';
  for (const name in parameters) {
    const value = parameters[name];
    if (value !== undefined) query += `${query === '' ? '' : '&'}${percentEncode(name)}=${percentEncode(value)}`;
  }
  return query;
}

/**
 * RFC 3986: all but `A-Z a-z 0-9 - _ . ~` as `%XX`. `encodeURIComponent` leaves five more as they are, and the names that
 * cloud products give their secrets hold one of them: `product!name`.
 */
export function percentEncode(text: string): string {
  return encodeURIComponent(text).replaceAll(/[!'()*]/gu, hexEscape);
}

/** As the signature wants the time: in UTC, without a fraction. Written once a second: it takes as long as the hash of a request. */
export function signatureDate(milliseconds: number): string {
  const second = Math.floor(milliseconds / 1_000);
  if (second !== latestDate.second) {
    latestDate = { second, text: `${new Date(milliseconds).toISOString().slice(0, 19)}Z` };
  }
  return latestDate.text;
}

let latestDate: { readonly second: number; readonly text: string } = { second: Number.NaN, text: '' };

function hexEscape(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}

function signedNames(headers: Readonly<Record<string, string>>): string {
  return Object.keys(headers).join(';');
}

function sha256(text: string): string {
  // The one-shot form takes half the time of createHash (measured on Node 20.20: 0.8 against 1.4 µs for 400 bytes).
  return hash('sha256', text, 'hex');
}
