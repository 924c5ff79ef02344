import type { KeyObject } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

import type { ApiError } from '../api/api-error.ts';

/** A request as it was received, not authenticated. */
export interface WireRequest {
  readonly method: string;
  readonly path: string;
  /** The part of the URL after `?`, still encoded. */
  readonly query: string;
  readonly headers: IncomingHttpHeaders;
  /** Alternating names and values in the order and letter case received, duplicates included. */
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
}

/** A lenient reading of a request. It serves the log, fault selection and error format, never an access decision. */
export interface UnverifiedRequest {
  readonly format: ResponseFormat;
  readonly claims: RequestClaims;
}

/** The action, secret and key id that the request names. */
export interface RequestClaims {
  readonly action: string | undefined;
  readonly secretName: string | undefined;
  /** The names in a batch. */
  readonly secretNames?: readonly string[] | undefined;
  readonly versionStage: string | undefined;
  readonly versionId: string | undefined;
  readonly accessKeyId: string | undefined;
}

/** A complete and well-formed request. `Authentication` verifies its signature. */
export type SignedRequest = HmacSignedRequest | RsaSignedRequest;

interface CommonRequest {
  readonly action: string;
  readonly version: string;
  readonly accessKeyId: string;
  readonly securityToken: string | undefined;
  /** `undefined` in a protocol without nonces, where a repeated request is valid. */
  readonly nonce: string | undefined;
  /** As sent. `Authentication` checks its format together with its age. */
  readonly timestamp: string;
  readonly signature: string;
  readonly stringToSign: string;
  /** What the string to sign is a hash of. `undefined` in version 1, which signs the request's own text. */
  readonly canonicalRequest?: string;
  readonly parameters: ReadonlyMap<string, string>;
}

/** Signed with the secret of an access key. */
export interface HmacSignedRequest extends CommonRequest {
  sign(accessKeySecret: string): string;
}

/** Signed with the private key of a client key. */
export interface RsaSignedRequest extends CommonRequest {
  isSignedBy(publicKey: KeyObject): boolean;
}

export type ResponseFormat = 'json' | 'xml' | 'protobuf';

/**
 * How a request is signed and encoded:
 *
 * - `rpc-v1`: OpenAPI, signature version 1.0 with an access key (HMAC-SHA1)
 * - `rpc-v1-client-key`: OpenAPI, signature version 1.0 with a client key (RSA)
 * - `acs3`: OpenAPI, signature version 3 (`ACS3-HMAC-SHA256`)
 * - `instance-api`: the protobuf API of KMS instances, `dkms-gcs-0.2`
 */
export type ProtocolName = 'rpc-v1' | 'acs3' | 'rpc-v1-client-key' | 'instance-api';

/** The version of the KMS OpenAPI. */
export const openApiVersion = '2016-01-20';

/** A request protocol. Each has a file in this folder; `select-protocol.ts` lists them. */
export interface Protocol<Signed extends SignedRequest = SignedRequest> {
  readonly name: ProtocolName;
  /** The only API version that the protocol supports. */
  readonly version: string;
  matches(request: WireRequest): boolean;
  /** Reads what it can. Never throws. */
  peek(request: WireRequest): UnverifiedRequest;
  /** Throws an `ApiError` for a request that is incomplete or not well formed. */
  parse(request: WireRequest): Signed;
  /** Converts an OpenAPI error to this protocol's own error, where it differs. */
  translateError?(error: ApiError, claims: RequestClaims): ApiError;
}
