import { verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

import { apiError } from '../api/api-error.ts';
import { peekParameters } from './parameters.ts';
import { openApiVersion } from './protocol.ts';
import type { Protocol, RsaSignedRequest } from './protocol.ts';
import { parseRpc, peekRpc } from './rpc-v1.ts';

/**
 * The RPC style signed with a client key: RSASSA-PKCS1-v1_5 with SHA-256 over the string to sign of version 1.0, without
 * the `&` that the HMAC key ends in.
 * (aliyun-openapi-java-sdk, `SHA256withRSASigner`: `SignatureMethod=SHA256withRSA`, `SignatureType=PRIVATEKEY`.)
 */
export const rpcV1ClientKey: Protocol<RsaSignedRequest> = {
  name: 'rpc-v1-client-key',
  version: openApiVersion,

  matches: (request) => peekParameters(request).get('SignatureMethod') === 'SHA256withRSA',

  peek: peekRpc,

  parse(request) {
    const fields = parseRpc(request);
    if (fields.parameters.get('SignatureType') !== 'PRIVATEKEY') throw apiError('InvalidSignatureMethod');
    return {
      ...fields,
      isSignedBy: (publicKey) => isRsaSignature(publicKey, fields.stringToSign, fields.signature),
    };
  },
};

/** Verifies an RSA signature in canonical base64. Node's own decoder is lenient, so the encoding is compared too. */
export function isRsaSignature(publicKey: KeyObject, text: string, signature: string): boolean {
  const bytes = Buffer.from(signature, 'base64');
  return bytes.toString('base64') === signature && verify('sha256', Buffer.from(text, 'utf8'), publicKey, bytes);
}
