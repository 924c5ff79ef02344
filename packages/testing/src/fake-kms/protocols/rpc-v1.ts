import { createHmac } from 'node:crypto';

import { apiError, missingParameter } from '../api/api-error.ts';
import { claimsIn, parseParameters, peekParameters } from './parameters.ts';
import { canonicalQuery, percentEncode } from './percent-encode.ts';
import { openApiVersion } from './protocol.ts';
import type { HmacSignedRequest, Protocol, ResponseFormat, UnverifiedRequest, WireRequest } from './protocol.ts';

/** Mandatory parameters of the RPC style, in the order they are checked. */
const mandatoryParameters = [
  'AccessKeyId',
  'Action',
  'Signature',
  'SignatureMethod',
  'SignatureNonce',
  'SignatureVersion',
  'Timestamp',
  'Version',
] as const;

/**
 * The RPC style, signature version 1.0: parameters in the query or a form, HMAC-SHA1 over the sorted parameters.
 * (Alibaba Cloud, "Request syntax and signature method V2 for RPC APIs".)
 */
export const rpcV1: Protocol<HmacSignedRequest> = {
  name: 'rpc-v1',
  version: openApiVersion,

  matches: () => true,

  peek: peekRpc,

  parse(request) {
    const fields = parseRpc(request);
    const { parameters, stringToSign } = fields;
    const isHmac = parameters.get('SignatureMethod') === 'HMAC-SHA1' && (parameters.get('SignatureType') ?? '') === '';
    if (!isHmac) throw apiError('InvalidSignatureMethod');
    return { ...fields, sign: (accessKeySecret) => rpcSignature(accessKeySecret, stringToSign) };
  },
};

/** `peek` for the RPC style, with either kind of key. */
export function peekRpc(request: WireRequest): UnverifiedRequest {
  const parameters = peekParameters(request);
  const identity = { action: parameters.get('Action'), accessKeyId: parameters.get('AccessKeyId') };
  return { format: responseFormat(parameters) ?? 'json', claims: { ...identity, ...claimsIn(parameters) } };
}

/** Parses the fields that the RPC style has with either kind of key. Throws an `ApiError`. */
export function parseRpc(request: WireRequest): Omit<HmacSignedRequest, 'sign'> {
  const parameters = parseParameters(request);
  // First, because the format applies to all later errors.
  if (responseFormat(parameters) === undefined) throw apiError('InvalidParameter.Format');
  const values = {} as Record<(typeof mandatoryParameters)[number], string>; // the loop sets every name or throws
  for (const name of mandatoryParameters) {
    const value = parameters.get(name);
    if (value === undefined || value === '') throw missingParameter(name);
    values[name] = value;
  }
  if (values.SignatureVersion !== '1.0') throw apiError('IncompleteSignature', ' SignatureVersion must be 1.0.');
  return {
    action: values.Action,
    version: values.Version,
    accessKeyId: values.AccessKeyId,
    nonce: values.SignatureNonce,
    timestamp: values.Timestamp,
    signature: values.Signature,
    securityToken: parameters.get('SecurityToken'),
    parameters,
    stringToSign: rpcStringToSign(request.method, parameters),
  };
}

/** Built from the decoded parameters, so it does not depend on whether they were sent in the query or in a form. */
export function rpcStringToSign(method: WireRequest['method'], parameters: ReadonlyMap<string, string>): string {
  const signed = new Map(parameters);
  signed.delete('Signature');
  return `${method}&${percentEncode('/')}&${percentEncode(canonicalQuery(signed))}`;
}

/** The HMAC key is the access key secret followed by `&`. */
export function rpcSignature(accessKeySecret: string, stringToSign: string): string {
  return createHmac('sha1', `${accessKeySecret}&`).update(stringToSign, 'utf8').digest('base64');
}

/** In any letter case; JSON by default. `undefined` for an unsupported format. */
function responseFormat(parameters: ReadonlyMap<string, string>): ResponseFormat | undefined {
  const format = (parameters.get('Format') ?? 'json').toLowerCase();
  return format === 'json' || format === 'xml' ? format : undefined;
}
