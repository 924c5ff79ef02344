import { createHmac } from 'node:crypto';

import { missing, refusal } from '../api/api-error.ts';
import type { AnswerFormat, Protocol, Glance, SecretSignedRequest, WireRequest } from './protocol.ts';
import { openApiVersion } from './protocol.ts';
import { askedFor, glanceAtParameters, readParameters } from './parameters.ts';
import { canonicalQuery, percentEncode } from './percent-encode.ts';

/** Parameters every request of the RPC style must carry, in the order they are missed. */
const mandatory = [
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
 * The RPC style, signature version 1.0: everything in the query or a form, HMAC-SHA1 over the sorted parameters.
 * (Alibaba Cloud, "Request syntax and signature method V2 for RPC APIs".)
 */
export const rpcV1: Protocol<SecretSignedRequest> = {
  name: 'rpc-v1',
  version: openApiVersion,

  isSpokenIn: () => true,

  glance: glanceAtRpc,

  read(request) {
    const fields = readRpc(request);
    const { parameters, stringToSign } = fields;
    const isHmac = parameters.get('SignatureMethod') === 'HMAC-SHA1' && (parameters.get('SignatureType') ?? '') === '';
    if (!isHmac) throw refusal('InvalidSignatureMethod');
    return { ...fields, sign: (accessKeySecret) => rpcSignature(accessKeySecret, stringToSign) };
  },
};

/** What an RPC request says of itself, however it is signed. */
export function glanceAtRpc(request: WireRequest): Glance {
  const parameters = glanceAtParameters(request);
  const identity = { action: parameters.get('Action'), accessKeyId: parameters.get('AccessKeyId') };
  return { format: answerFormat(parameters) ?? 'json', asked: { ...identity, ...askedFor(parameters) } };
}

/** Everything an RPC request must hold, however it is signed; throws the refusal. */
export function readRpc(request: WireRequest): Omit<SecretSignedRequest, 'sign'> {
  const parameters = readParameters(request);
  // First, because it decides in what form every later refusal is written.
  if (answerFormat(parameters) === undefined) throw refusal('InvalidParameter.Format');
  const [accessKeyId, action, signature, , nonce, signatureVersion, timestamp, version] = mandatory.map((name) => {
    const value = parameters.get(name);
    if (value === undefined || value === '') throw missing(name);
    return value;
  }) as Mandatory; // one value a name, in the order of the names
  if (signatureVersion !== '1.0') throw refusal('IncompleteSignature', ' SignatureVersion must be 1.0.');
  return {
    action,
    version,
    accessKeyId,
    nonce,
    timestamp,
    signature,
    securityToken: parameters.get('SecurityToken'),
    parameters,
    stringToSign: rpcStringToSign(request.method, parameters),
  };
}

type Mandatory = [string, string, string, string, string, string, string, string];

/** Made from the decoded parameters, so it is the same whether they came in the query, in a form or in both. */
export function rpcStringToSign(method: WireRequest['method'], parameters: ReadonlyMap<string, string>): string {
  const signed = new Map(parameters);
  signed.delete('Signature');
  return `${method}&${percentEncode('/')}&${percentEncode(canonicalQuery(signed))}`;
}

/** The key of this HMAC is the secret with an `&` behind it. */
export function rpcSignature(accessKeySecret: string, stringToSign: string): string {
  return createHmac('sha1', `${accessKeySecret}&`).update(stringToSign, 'utf8').digest('base64');
}

/** In any letter case, JSON when not given; `undefined` for a format KMS does not write. */
function answerFormat(parameters: ReadonlyMap<string, string>): AnswerFormat | undefined {
  const format = (parameters.get('Format') ?? 'json').toLowerCase();
  return format === 'json' || format === 'xml' ? format : undefined;
}
