import type { ActionRequest } from './request-parameters.ts';
import { canonicalQuery, percentEncode } from './sign.ts';

/** What is particular to one request. */
export interface RequestStamp {
  readonly keyId: string;
  /** As `signatureDate` writes it. */
  readonly date: string;
  readonly nonce: string;
}

/**
 * A question with all that signature version 1 covers, in the byte order of the names that it wants
 * (https://www.alibabacloud.com/help/en/sdk/product-overview/rpc-mechanism). The algorithm and its type are those that the
 * clients for Java, Go and Python send with a client key.
 */
export function clientKeyQuery({ action, parameters }: ActionRequest, { keyId, date, nonce }: RequestStamp): string {
  return canonicalQuery({
    AccessKeyId: keyId,
    Action: action,
    FetchExtendedConfig: parameters.FetchExtendedConfig,
    Format: 'JSON',
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

/** The text that a signature of version 1 is made of; `query` as `canonicalQuery` makes it. */
export function rpcStringToSign(method: string, query: string): string {
  return `${method}&${percentEncode('/')}&${percentEncode(query)}`;
}

/** The signature is one more parameter. */
export function withSignature(query: string, signature: string): string {
  return `${query}&Signature=${percentEncode(signature)}`;
}
