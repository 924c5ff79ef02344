import type { KeyObject } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

import type { Refusal } from '../api/api-error.ts';

/** A request as it came: nothing in it is believed yet. */
export interface WireRequest {
  readonly method: string;
  readonly path: string;
  /** What stands behind the `?`, as it was sent. */
  readonly query: string;
  readonly headers: IncomingHttpHeaders;
  /** Names and values in turn, in the order and the letter case they came in, repeats included. */
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
}

/** What a request says of itself: for the record, for the faults, and for the form of an error. Never for a decision. */
export interface Glance {
  readonly format: AnswerFormat;
  readonly asked: Asked;
}

/** What was asked for, and by which key. */
export interface Asked {
  readonly action: string | undefined;
  readonly secretName: string | undefined;
  /** The names of a batch. */
  readonly secretNames?: readonly string[] | undefined;
  readonly versionStage: string | undefined;
  readonly versionId: string | undefined;
  readonly accessKeyId: string | undefined;
}

/** A request that is complete and well formed; whether it is rightly signed is for `authentication.ts` to find out. */
export type SignedRequest = SecretSignedRequest | KeySignedRequest;

interface CommonRequest {
  readonly action: string;
  readonly version: string;
  readonly accessKeyId: string;
  readonly securityToken: string | undefined;
  /** `undefined` in a protocol without nonces: there a repeated request is answered again. */
  readonly nonce: string | undefined;
  /** As it was written; its form is checked with its age. */
  readonly timestamp: string;
  readonly signature: string;
  readonly stringToSign: string;
  readonly parameters: ReadonlyMap<string, string>;
}

/** Signed with the secret of an access key, which both sides know. */
export interface SecretSignedRequest extends CommonRequest {
  sign(accessKeySecret: string): string;
}

/** Signed with the private half of a client key, of which KMS has the public one. */
export interface KeySignedRequest extends CommonRequest {
  isSignedBy(publicKey: KeyObject): boolean;
}

export type AnswerFormat = 'json' | 'xml' | 'protobuf';
export type ProtocolName = 'rpc-v1' | 'acs3' | 'rpc-v1-client-key' | 'instance-api';

/** The version of the KMS OpenAPI. */
export const openApiVersion = '2016-01-20';

/** One way to speak to KMS. A further one is a further file beside this, and a line in `protocols.ts`. */
export interface Protocol<Signed extends SignedRequest = SignedRequest> {
  readonly name: ProtocolName;
  /** The only version of the API that is spoken in it. */
  readonly version: string;
  isSpokenIn(request: WireRequest): boolean;
  glance(request: WireRequest): Glance;
  /** Throws a `Refusal` for a request that is not complete or not well formed. */
  read(request: WireRequest): Signed;
  /** A refusal in the words this protocol has for it, where they are others than those of OpenAPI. */
  inItsWords?(refusal: Refusal, asked: Asked): Refusal;
}
