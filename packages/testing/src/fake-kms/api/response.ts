import { randomUUID } from 'node:crypto';

import { encodeError, encodeResponse } from '../protobuf/messages.ts';
import type { ResponseFormat } from '../protocols/protocol.ts';
import { apiError } from './api-error.ts';
import type { ApiError } from './api-error.ts';
import type { BatchResult } from './batch-get-secret-value.ts';
import type { SecretValueResult } from './get-secret-value.ts';
import type { SecretListResult } from './list-secrets.ts';

/** A complete HTTP response, before a fault alters how it is sent. */
export interface ApiResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** The KMS error code of an error response. */
  readonly code?: string;
}

/** The successful response to GetSecretValue. */
export function secretResponse(result: SecretValueResult, format: ResponseFormat): ApiResponse {
  const requestId = createRequestId();
  if (format === 'protobuf') {
    const { VersionStages, ...fields } = result;
    const message = { ...fields, VersionStages: VersionStages.VersionStage, RequestId: requestId };
    return protobufResponse(200, encodeResponse(message));
  }
  const fields = { ...result, RequestId: requestId };
  const text = format === 'xml' ? xmlDocument('GetSecretValueResponse', fields) : JSON.stringify(fields);
  return textResponse({ status: 200, requestId, format, text });
}

/** The successful response to BatchGetSecretValue. KMS documents it in JSON only. */
export function batchResponse({ SecretValues, Errors }: BatchResult, format: ResponseFormat): ApiResponse {
  if (format !== 'json') throw apiError('UnsupportedOperation');
  const requestId = createRequestId();
  const values = SecretValues.map((value) => ({ ...value, RequestId: requestId }));
  const text = JSON.stringify({ RequestId: requestId, SecretValues: values, Errors });
  return textResponse({ status: 200, requestId, format, text });
}

/** The successful response to ListSecrets. */
export function listResponse(result: SecretListResult, format: ResponseFormat): ApiResponse {
  if (format === 'protobuf') throw apiError('UnsupportedOperation');
  const requestId = createRequestId();
  const fields = { ...result, RequestId: requestId };
  const text = format === 'xml' ? xmlDocument('ListSecretsResponse', fields) : JSON.stringify(fields);
  return textResponse({ status: 200, requestId, format, text });
}

/** An error response in the format of its source: the gateway adds a host and a help page, KMS repeats the status. */
export function errorResponse(error: ApiError, format: ResponseFormat, region: string): ApiResponse {
  const requestId = createRequestId();
  const { status, code, message, headers } = error;
  if (format === 'protobuf') {
    const body = encodeError({ StatusCode: status, ErrorCode: code, ErrorMessage: message, RequestId: requestId });
    return { ...protobufResponse(status, body, headers), code };
  }
  const isFromGateway = error.source === 'gateway';
  const common = { Code: code, Message: message, RequestId: requestId };
  const fields = isFromGateway
    ? {
        ...common,
        HostId: `kms.${region}.aliyuncs.com`,
        Recommend: `https://api.aliyun.com/troubleshoot?q=${code}&product=Kms`,
      }
    : { HttpStatus: status, ...common };
  const text = format === 'xml' ? xmlDocument(isFromGateway ? 'Error' : 'KMS', fields) : JSON.stringify(fields);
  return { ...textResponse({ status, requestId, format, text, headers }), code };
}

/** A response that is not an API message: the page of a load balancer, plain text, malformed data. */
export function plainResponse(status: number, contentType: string, text: string): ApiResponse {
  return { status, headers: { 'content-type': contentType }, body: Buffer.from(text, 'utf8') };
}

export function protobufResponse(status: number, body: Buffer, headers: ApiResponse['headers'] = {}): ApiResponse {
  return { status, headers: { 'content-type': 'application/x-protobuf', ...headers }, body };
}

function createRequestId(): string {
  return randomUUID().toUpperCase();
}

interface TextParts {
  readonly status: number;
  readonly requestId: string;
  readonly format: ResponseFormat;
  readonly text: string;
  readonly headers?: Readonly<Record<string, string>>;
}

function textResponse({ status, requestId, format, text, headers }: TextParts): ApiResponse {
  const type = format === 'xml' ? 'text/xml' : 'application/json';
  return {
    status,
    headers: { 'content-type': `${type};charset=utf-8`, 'x-acs-request-id': requestId, ...headers },
    body: Buffer.from(text, 'utf8'),
  };
}

function xmlDocument(root: string, fields: object): string {
  return `<?xml version="1.0" encoding="UTF-8"?><${root}>${xmlElements(fields)}</${root}>`;
}

/** Lists repeat their element, as in KMS: `<VersionStages><VersionStage>…</VersionStage></VersionStages>`. */
function xmlElements(fields: object): string {
  return Object.entries(fields)
    .flatMap(([name, value]: [string, unknown]) =>
      (Array.isArray(value) ? value : [value]).map((item: unknown) => xmlElement(name, item)),
    )
    .join('');
}

function xmlElement(name: string, value: unknown): string {
  const content = typeof value === 'object' && value !== null ? xmlElements(value) : escapeXml(String(value));
  return `<${name}>${content}</${name}>`;
}

/** Escapes a carriage return too: XML parsers turn an unescaped one into a line feed (XML 1.0, section 2.11). */
function escapeXml(text: string): string {
  return text.replaceAll(/[&<>"'\r]/g, (character) => `&#${character.charCodeAt(0)};`);
}
