import { createHash } from 'node:crypto';

import { dateTolerance } from '../auth/authentication.ts';
import { decodeRequest } from '../protobuf/messages.ts';
import type { GetSecretValueMessage } from '../protobuf/messages.ts';
import { MalformedMessage } from '../protobuf/wire.ts';
import { Refusal, refusal } from '../api/api-error.ts';
import { formatDate } from '../settable-clock.ts';
import type { CalendarClock } from '../settable-clock.ts';
import type { Asked, Protocol, KeySignedRequest, WireRequest } from './protocol.ts';
import { isRsaSignature } from './rpc-v1-client-key.ts';

const contentType = 'application/x-protobuf';
const apiVersion = 'dkms-gcs-0.2';
const signatureMethod = 'RSA_PKCS1_SHA_256';
/** Three c's, in the documentation and in every SDK. */
const keyIdHeader = 'x-kms-acccesskeyid';

interface Settings {
  readonly clock: CalendarClock;
  /** Whether `Authorization: TOKEN …` is taken too: the documentation has it, and every SDK sends `Bearer`. */
  readonly acceptTokenScheme: boolean;
}

/**
 * The API of KMS instances, `dkms-gcs-0.2`: a protobuf message, signed with a client key over headers and body hash.
 * It has no nonce: two equal requests of one second are the same bytes, and both are answered.
 * (Alibaba Cloud, "KMS Instance API: request headers, signatures, error codes"; alibabacloud-dkms-gcs-go-sdk.)
 */
export function instanceApi(settings: Settings): Protocol<KeySignedRequest> {
  return {
    name: 'instance-api',
    version: apiVersion,

    isSpokenIn: ({ headers }) =>
      Object.keys(headers).some((name) => name.startsWith('x-kms-')) && headers['x-acs-action'] === undefined,

    glance: (request) => ({ format: 'protobuf', asked: glanceAt(request) }),

    read(request) {
      const { action, accessKeyId } = readIdentity(request);
      const date = readDate(request, settings.clock.date());
      checkBody(request);
      const signature = readAuthorization(request, settings.acceptTokenScheme);
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
        // Read only when it is asked for: a body of an unknown sender is not looked into.
        get parameters() {
          return parametersOf(request);
        },
        isSignedBy: (publicKey) => isRsaSignature(publicKey, stringToSign, signature),
      };
    },

    inItsWords,
  };
}

/** Lines for method, body hash, type and date, one for each `x-kms-` header by name, and the resource without a line end. */
export function instanceStringToSign(request: WireRequest): string {
  const named = Object.keys(request.headers)
    .filter((name) => name.startsWith('x-kms-'))
    .toSorted()
    .map((name) => `${name}:${header(request, name)}`);
  const plain = ['content-sha256', 'content-type', 'date'].map((name) => header(request, name));
  return [request.method, ...plain, ...named, '/'].join('\n');
}

function readIdentity(request: WireRequest): { action: string; accessKeyId: string } {
  if (request.method !== 'POST') throw refusal('UnsupportedOperation');
  const type = header(request, 'content-type');
  if (type !== contentType) throw refused(415, 'InvalidContentType', `Content-Type "${type}" is unsupported.`);
  const version = header(request, 'x-kms-apiversion');
  if (version !== apiVersion) throw refused(400, 'InvalidApiVersion', `The ApiVersion "${version}" is invalid.`);
  const action = header(request, 'x-kms-apiname');
  if (action !== 'GetSecretValue') throw refused(400, 'InvalidApiName', `The ApiName "${action}" is invalid.`);
  const accessKeyId = header(request, keyIdHeader);
  if (accessKeyId === '') {
    throw refused(400, 'MissingParameter', `Parameter ${keyIdHeader} does not exist in http header or body.`);
  }
  const method = header(request, 'x-kms-signaturemethod');
  if (method !== signatureMethod) {
    throw invalid('x-kms-signaturemethod', method === '' ? '' : ` message:"${method}".`);
  }
  return { action, accessKeyId };
}

/** RFC 1123 in GMT, with two digits for the day. */
function readDate(request: WireRequest, now: number): number {
  const text = header(request, 'date');
  const date = Date.parse(text);
  // What Date.parse understands is much more; only the one right spelling comes back as it went in.
  if (Number.isNaN(date) || new Date(date).toUTCString() !== text) throw invalid('Date');
  if (Math.abs(now - date) > dateTolerance) {
    throw refused(400, 'RequestTimeTooSkewed', 'Request time exceeds server time more than 15 minutes.');
  }
  return date;
}

function checkBody(request: WireRequest): void {
  // Node holds a body to the length it was announced with; a body in chunks was announced with none.
  if (header(request, 'content-length') !== String(request.body.length)) throw invalid('Content-Length');
  const hash = createHash('sha256').update(request.body).digest('hex').toUpperCase();
  if (header(request, 'content-sha256') !== hash) throw invalid('Content-SHA256');
}

function readAuthorization(request: WireRequest, acceptTokenScheme: boolean): string {
  const [, scheme, signature] = /^(Bearer|TOKEN) ([^ ]+)$/.exec(header(request, 'authorization')) ?? [];
  if (signature === undefined || (scheme === 'TOKEN' && !acceptTokenScheme)) throw invalid('Authorization');
  return signature;
}

/** Under the names OpenAPI has for them. */
function parametersOf(request: WireRequest): ReadonlyMap<string, string> {
  try {
    return new Map(Object.entries(decodeRequest(request.body)).map(([name, value]) => [name, String(value)]));
  } catch (error) {
    throw error instanceof MalformedMessage ? refusal('InvalidParameter') : error;
  }
}

function glanceAt(request: WireRequest): Asked {
  const identity = {
    action: header(request, 'x-kms-apiname') || undefined,
    accessKeyId: header(request, keyIdHeader) || undefined,
  };
  let message: Partial<GetSecretValueMessage> = {};
  try {
    message = decodeRequest(request.body);
  } catch {
    // Then there is nothing to record; the answer says what was wrong.
  }
  const { SecretName, VersionStage, VersionId } = message;
  return {
    ...identity,
    secretName: SecretName || undefined,
    versionStage: VersionStage || undefined,
    versionId: VersionId || undefined,
  };
}

/** The instance API has words of its own for some refusals; that of a wrong signature does not repeat the signed text. */
function inItsWords(from: Refusal, { accessKeyId = '', secretName = '' }: Asked): Refusal {
  switch (from.code) {
    case 'InvalidAccessKeyId.NotFound':
    case 'InvalidAccessKeyId.Inactive':
    case 'InvalidSignatureMethod':
      return refused(404, 'Unauthorized', `The AccessKey ID "${accessKeyId}" does not exist in our records.`);
    case 'SignatureDoesNotMatch':
      return refused(401, 'SignatureNotMatch', 'Signature is not matched.');
    case 'Forbidden.NoPermission':
      return refused(403, from.code, `This operation for "${secretName}" is forbidden by permission system.`);
    case 'InvalidApi.NotFound':
    case 'UnsupportedOperation':
      return refused(400, 'UnsupportedOperation', 'Rejected.UnsupportedOperation');
    case 'MissingSecretName':
      return refusal('InvalidParameter');
    default:
      return from;
  }
}

function invalid(name: string, detail = ''): Refusal {
  return refused(400, 'InvalidParam', `The Param ${name} is invalid.${detail}`);
}

function refused(status: number, code: string, message: string): Refusal {
  return new Refusal({ status, code, message, from: 'service' });
}

/** A missing header counts as an empty one. */
function header(request: WireRequest, name: string): string {
  const value = request.headers[name];
  return typeof value === 'string' ? value.trim() : '';
}
