import { verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

import { refusal } from '../api/api-error.ts';
import type { Protocol, KeySignedRequest } from './protocol.ts';
import { openApiVersion } from './protocol.ts';
import { glanceAtParameters } from './parameters.ts';
import { glanceAtRpc, readRpc } from './rpc-v1.ts';

/**
 * The RPC style signed with a client key: RSASSA-PKCS1-v1_5 with SHA-256 over the same text as version 1.0, and no
 * secret with an `&` behind it.
 * (aliyun-openapi-java-sdk, `SHA256withRSASigner`: `SignatureMethod=SHA256withRSA`, `SignatureType=PRIVATEKEY`.)
 */
export const rpcV1ClientKey: Protocol<KeySignedRequest> = {
  name: 'rpc-v1-client-key',
  version: openApiVersion,

  isSpokenIn: (request) => glanceAtParameters(request).get('SignatureMethod') === 'SHA256withRSA',

  glance: glanceAtRpc,

  read(request) {
    const fields = readRpc(request);
    if (fields.parameters.get('SignatureType') !== 'PRIVATEKEY') throw refusal('InvalidSignatureMethod');
    return {
      ...fields,
      isSignedBy: (publicKey) => isRsaSignature(publicKey, fields.stringToSign, fields.signature),
    };
  },
};

/** Whether the signature is this key's over the text, in base64 as the standard has it: Node reads much laxer. */
export function isRsaSignature(publicKey: KeyObject, text: string, signature: string): boolean {
  const bytes = Buffer.from(signature, 'base64');
  return bytes.toString('base64') === signature && verify('sha256', Buffer.from(text, 'utf8'), publicKey, bytes);
}
