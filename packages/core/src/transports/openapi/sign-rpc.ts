import type { ActionRequest } from './request-parameters.ts';
import { canonicalQuery, percentEncode } from './sign.ts';

/** The parameters that the signature adds to a request. */
export interface SignatureParameters {
  readonly keyId: string;
  /** As `signatureDate` formats it. */
  readonly date: string;
  readonly nonce: string;
}

/**
 * Returns the canonical query of a request: all that signature version 1 covers, in byte order of the names
 * (https://www.alibabacloud.com/help/en/sdk/product-overview/rpc-mechanism). `SignatureMethod` and `SignatureType` are those
 * that the official Java, Go and Python clients send for a client key.
 */
export function clientKeyQuery(
  { action, parameters }: ActionRequest,
  { keyId, date, nonce }: SignatureParameters,
): string {
  return canonicalQuery({
    AccessKeyId: keyId,
    Action: action,
    FetchExtendedConfig: parameters.FetchExtendedConfig,
    Format: 'JSON',
    PageNumber: parameters.PageNumber,
    PageSize: parameters.PageSize,
    SecretName: parameters.SecretName,
    SecretsList: parameters.SecretsList,
    SignatureMethod: 'SHA256withRSA',
    SignatureNonce: nonce,
    SignatureType: 'PRIVATEKEY',
    SignatureVersion: '1.0',
    Timestamp: date,
    Version: '2016-01-20',
    VersionId: parameters.VersionId,
    VersionStage: parameters.VersionStage,
  });
}

/** Returns the string to sign of signature version 1. `query` is canonical: see `canonicalQuery`. */
export function rpcStringToSign(method: string, query: string): string {
  return `${method}&${percentEncode('/')}&${percentEncode(query)}`;
}

export function withSignature(query: string, signature: string): string {
  return `${query}&Signature=${percentEncode(signature)}`;
}
