import { randomUUID } from 'node:crypto';

import type { BatchAnswer } from './batch-get-secret-value.ts';
import type { AnswerFormat } from '../protocols/protocol.ts';
import type { SecretValueAnswer } from './get-secret-value.ts';
import { encodeAnswer, encodeError } from '../protobuf/messages.ts';
import { refusal } from './api-error.ts';
import type { Refusal } from './api-error.ts';

/** An answer as it goes out, before any fault spoils it. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** KMS's code when it is a refusal. */
  readonly code?: string;
}

/** The answer with the secret in it. */
export function secretAnswer(value: SecretValueAnswer, format: AnswerFormat): Answer {
  const requestId = makeRequestId();
  if (format === 'protobuf') {
    const { VersionStages, ...rest } = value;
    return protobuf(200, encodeAnswer({ ...rest, VersionStages: VersionStages.VersionStage, RequestId: requestId }));
  }
  const fields = { ...value, RequestId: requestId };
  const text = format === 'xml' ? xmlDocument('GetSecretValueResponse', fields) : JSON.stringify(fields);
  return written({ status: 200, requestId, format, text });
}

/** The answer with the secrets of a batch in it; KMS documents its form in JSON alone. */
export function batchAnswer({ SecretValues, Errors }: BatchAnswer, format: AnswerFormat): Answer {
  if (format !== 'json') throw refusal('UnsupportedOperation');
  const requestId = makeRequestId();
  const values = SecretValues.map((value) => ({ ...value, RequestId: requestId }));
  const text = JSON.stringify({ RequestId: requestId, SecretValues: values, Errors });
  return written({ status: 200, requestId, format, text });
}

/** A refusal in the form of who refuses: the gateway names a host and a page to read, KMS repeats the status. */
export function refusalAnswer(refused: Refusal, format: AnswerFormat, region: string): Answer {
  const requestId = makeRequestId();
  const { status, code, message } = refused;
  if (format === 'protobuf') {
    const body = encodeError({ StatusCode: status, ErrorCode: code, ErrorMessage: message, RequestId: requestId });
    return { ...protobuf(status, body, refused.headers), code };
  }
  const common = { Code: code, Message: message, RequestId: requestId };
  const fields =
    refused.from === 'gateway'
      ? {
          ...common,
          HostId: `kms.${region}.aliyuncs.com`,
          Recommend: `https://api.aliyun.com/troubleshoot?q=${code}&product=Kms`,
        }
      : { HttpStatus: status, ...common };
  const root = refused.from === 'gateway' ? 'Error' : 'KMS';
  const text = format === 'xml' ? xmlDocument(root, fields) : JSON.stringify(fields);
  return { ...written({ status, requestId, format, text, headers: refused.headers }), code };
}

/** A body of any kind; for what a load balancer or something broken might say. */
export function bareAnswer(status: number, contentType: string, text: string): Answer {
  return { status, headers: { 'content-type': contentType }, body: Buffer.from(text, 'utf8') };
}

/** A protobuf message of any kind. */
export function protobuf(status: number, body: Buffer, headers: Answer['headers'] = {}): Answer {
  return { status, headers: { 'content-type': 'application/x-protobuf', ...headers }, body };
}

function makeRequestId(): string {
  return randomUUID().toUpperCase();
}

interface Written {
  readonly status: number;
  readonly requestId: string;
  readonly format: AnswerFormat;
  readonly text: string;
  readonly headers?: Readonly<Record<string, string>>;
}

function written({ status, requestId, format, text, headers }: Written): Answer {
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

/** One element a field, one a list entry, as KMS nests them: `<VersionStages><VersionStage>…</VersionStage></VersionStages>`. */
function xmlElements(fields: object): string {
  return Object.entries(fields)
    .flatMap(([name, value]: [string, unknown]) =>
      (Array.isArray(value) ? value : [value]).map((one: unknown) => xmlElement(name, one)),
    )
    .join('');
}

function xmlElement(name: string, value: unknown): string {
  const content = typeof value === 'object' && value !== null ? xmlElements(value) : escapeXml(String(value));
  return `<${name}>${content}</${name}>`;
}

/** A carriage return too: a reader turns a plain one into a line feed (XML 1.0, 2.11). */
function escapeXml(text: string): string {
  return text.replaceAll(/[&<>"'\r]/g, (character) => `&#${character.charCodeAt(0)};`);
}
