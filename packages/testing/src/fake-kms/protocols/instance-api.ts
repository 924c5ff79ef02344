import { createHash } from 'node:crypto';

import { ApiError, apiError } from '../api/api-error.ts';
import { dateTolerance } from '../auth/authentication.ts';
import { decodeRequest } from '../protobuf/messages.ts';
import type { GetSecretValueMessage } from '../protobuf/messages.ts';
import { MalformedMessage } from '../protobuf/wire.ts';
import { formatDate } from '../settable-clock.ts';
import type { CalendarClock } from '../settable-clock.ts';
import type { Protocol, RequestClaims, RsaSignedRequest, WireRequest } from './protocol.ts';
import { isRsaSignature } from './rpc-v1-client-key.ts';

const protobufType = 'application/x-protobuf';
const apiVersion = 'dkms-gcs-0.2';
const supportedSignatureMethod = 'RSA_PKCS1_SHA_256';
/** Spelled with three c's in the documentation and in every SDK. */
const keyIdHeader = 'x-kms-acccesskeyid';

interface Settings {
  readonly clock: CalendarClock;
  /** Accept `Authorization: TOKEN …` too, as documented. Every SDK sends `Bearer`. */
  readonly acceptTokenScheme: boolean;
}

/**
 * The API of KMS instances, `dkms-gcs-0.2`: a protobuf message, signed with a client key over headers and body hash.
 * It has no nonce, so two equal requests in the same second are identical bytes, and both are valid.
 * (Alibaba Cloud, "KMS Instance API: request headers, signatures, error codes"; alibabacloud-dkms-gcs-go-sdk.)
 */
export function instanceApi(settings: Settings): Protocol<RsaSignedRequest> {
  return {
    name: 'instance-api',
    version: apiVersion,

    matches: ({ headers }) =>
      Object.keys(headers).some((name) => name.startsWith('x-kms-')) && headers['x-acs-action'] === undefined,

    peek: (request) => ({ format: 'protobuf', claims: peekClaims(request) }),

    parse(request) {
      const { action, accessKeyId } = parseIdentity(request);
      const date = parseDateHeader(request, settings.clock.date());
      checkBody(request);
      const signature = parseAuthorization(request, settings.acceptTokenScheme);
      const stringToSign = instanceStringToSign(request);
      return {
        action,
        accessKeyId,
        version: apiVersion,
        securityToken: undefined,
        nonce: undefined,
        timestamp: formatDate(date),
        signature,
        stringToSign,
        // A getter, so that the body is decoded only after the signature is verified.
        get parameters() {
          return decodeParameters(request);
        },
        isSignedBy: (publicKey) => isRsaSignature(publicKey, stringToSign, signature),
      };
    },

    translateError,
  };
}

/** Method, body hash, content type and date, the sorted `x-kms-` headers, and `/` without a line feed after it. */
export function instanceStringToSign(request: WireRequest): string {
  const kmsHeaders = Object.keys(request.headers)
    .filter((name) => name.startsWith('x-kms-'))
    .toSorted()
    .map((name) => `${name}:${header(request, name)}`);
  const commonHeaders = ['content-sha256', 'content-type', 'date'].map((name) => header(request, name));
  return [request.method, ...commonHeaders, ...kmsHeaders, '/'].join('\n');
}

function parseIdentity(request: WireRequest): { action: string; accessKeyId: string } {
  if (request.method !== 'POST') throw apiError('UnsupportedOperation');
  const type = header(request, 'content-type');
  if (type !== protobufType) throw instanceError(415, 'InvalidContentType', `Content-Type "${type}" is unsupported.`);
  const version = header(request, 'x-kms-apiversion');
  if (version !== apiVersion) throw instanceError(400, 'InvalidApiVersion', `The ApiVersion "${version}" is invalid.`);
  const action = header(request, 'x-kms-apiname');
  if (action !== 'GetSecretValue') throw instanceError(400, 'InvalidApiName', `The ApiName "${action}" is invalid.`);
  const accessKeyId = header(request, keyIdHeader);
  if (accessKeyId === '') {
    throw instanceError(400, 'MissingParameter', `Parameter ${keyIdHeader} does not exist in http header or body.`);
  }
  const method = header(request, 'x-kms-signaturemethod');
  if (method !== supportedSignatureMethod) {
    throw invalidParam('x-kms-signaturemethod', method === '' ? '' : ` message:"${method}".`);
  }
  return { action, accessKeyId };
}

/** RFC 1123 in GMT, with a two-digit day. */
function parseDateHeader(request: WireRequest, now: number): number {
  const text = header(request, 'date');
  const date = Date.parse(text);
  // Date.parse accepts many formats. Formatting the result again detects all but the required one.
  if (Number.isNaN(date) || new Date(date).toUTCString() !== text) throw invalidParam('Date');
  if (Math.abs(now - date) > dateTolerance) {
    throw instanceError(400, 'RequestTimeTooSkewed', 'Request time exceeds server time more than 15 minutes.');
  }
  return date;
}

function checkBody(request: WireRequest): void {
  // Node enforces content-length. A chunked body has none, and is rejected here.
  if (header(request, 'content-length') !== String(request.body.length)) throw invalidParam('Content-Length');
  const hash = createHash('sha256').update(request.body).digest('hex').toUpperCase();
  if (header(request, 'content-sha256') !== hash) throw invalidParam('Content-SHA256');
}

function parseAuthorization(request: WireRequest, acceptTokenScheme: boolean): string {
  const [, scheme, signature] = /^(Bearer|TOKEN) ([^ ]+)$/.exec(header(request, 'authorization')) ?? [];
  if (signature === undefined || (scheme === 'TOKEN' && !acceptTokenScheme)) throw invalidParam('Authorization');
  return signature;
}

/** The message as OpenAPI parameters. */
function decodeParameters(request: WireRequest): ReadonlyMap<string, string> {
  try {
    return new Map(Object.entries(decodeRequest(request.body)).map(([name, value]) => [name, String(value)]));
  } catch (error) {
    throw error instanceof MalformedMessage ? apiError('InvalidParameter') : error;
  }
}

function peekClaims(request: WireRequest): RequestClaims {
  let message: Partial<GetSecretValueMessage> = {};
  try {
    message = decodeRequest(request.body);
  } catch {
    // The log then has no secret name; the response reports the error.
  }
  return {
    action: header(request, 'x-kms-apiname') || undefined,
    accessKeyId: header(request, keyIdHeader) || undefined,
    secretName: message.SecretName || undefined,
    versionStage: message.VersionStage || undefined,
    versionId: message.VersionId || undefined,
  };
}

/** The instance API has its own codes for some errors. Its signature error does not contain the string to sign. */
function translateError(error: ApiError, { accessKeyId = '', secretName = '' }: RequestClaims): ApiError {
  switch (error.code) {
    case 'InvalidAccessKeyId.NotFound':
    case 'InvalidAccessKeyId.Inactive':
    case 'InvalidSignatureMethod':
      return instanceError(404, 'Unauthorized', `The AccessKey ID "${accessKeyId}" does not exist in our records.`);
    case 'SignatureDoesNotMatch':
      return instanceError(401, 'SignatureNotMatch', 'Signature is not matched.');
    case 'Forbidden.NoPermission':
      return instanceError(403, error.code, `This operation for "${secretName}" is forbidden by permission system.`);
    case 'InvalidApi.NotFound':
    case 'UnsupportedOperation':
      return instanceError(400, 'UnsupportedOperation', 'Rejected.UnsupportedOperation');
    case 'MissingSecretName':
      return apiError('InvalidParameter');
    default:
      return error;
  }
}

function invalidParam(name: string, detail = ''): ApiError {
  return instanceError(400, 'InvalidParam', `The Param ${name} is invalid.${detail}`);
}

function instanceError(status: number, code: string, message: string): ApiError {
  return new ApiError({ status, code, message, source: 'service' });
}

/** A missing header counts as empty. */
function header(request: WireRequest, name: string): string {
  const value = request.headers[name];
  return typeof value === 'string' ? value.trim() : '';
}
