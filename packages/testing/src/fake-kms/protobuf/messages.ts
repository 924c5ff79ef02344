import { booleanOf, integerOf, readFields, stringOf, writeInteger, writeString } from './wire.ts';

/** The request message of the instance API (package `api` of the official instance SDKs, as all messages here). */
export interface GetSecretValueMessage {
  readonly SecretName: string;
  readonly VersionStage: string;
  readonly VersionId: string;
  readonly FetchExtendedConfig: boolean;
}

/** In the order of their field numbers, from 1. */
const responseFields = [
  'SecretName',
  'SecretType',
  'SecretData',
  'SecretDataType',
  'VersionStages',
  'VersionId',
  'CreateTime',
  'RequestId',
  'LastRotationDate',
  'NextRotationDate',
  'ExtendedConfig',
  'AutomaticRotation',
  'RotationInterval',
] as const;
type ResponseField = (typeof responseFields)[number];

/** The response message. `VersionStages` is the only list, and is not nested in an object as in OpenAPI. */
export type SecretValueMessage = Readonly<Record<Exclude<ResponseField, 'VersionStages'>, string>> & {
  readonly VersionStages: readonly string[];
};

export interface ErrorMessage {
  readonly StatusCode: number;
  readonly ErrorCode: string;
  readonly ErrorMessage: string;
  readonly RequestId: string;
}

export function encodeRequest(message: Partial<GetSecretValueMessage>): Buffer {
  return Buffer.concat([
    optionalString(1, message.SecretName),
    optionalString(2, message.VersionStage),
    optionalString(3, message.VersionId),
    ...(message.FetchExtendedConfig === true ? [writeInteger(4, 1)] : []),
  ]);
}

/** Throws `MalformedMessage`. The last value of a repeated field counts. Unknown fields are ignored. */
export function decodeRequest(bytes: Buffer): GetSecretValueMessage {
  const message = { SecretName: '', VersionStage: '', VersionId: '', FetchExtendedConfig: false };
  for (const { number, content } of readFields(bytes)) {
    if (number === 1) message.SecretName = stringOf(content);
    if (number === 2) message.VersionStage = stringOf(content);
    if (number === 3) message.VersionId = stringOf(content);
    if (number === 4) message.FetchExtendedConfig = booleanOf(content);
  }
  return message;
}

export function encodeResponse(message: Partial<SecretValueMessage>): Buffer {
  return Buffer.concat(
    responseFields.map((name, index) => {
      const value = message[name];
      return typeof value === 'object'
        ? Buffer.concat(value.map((item) => writeString(index + 1, item)))
        : optionalString(index + 1, value);
    }),
  );
}

export function decodeResponse(bytes: Buffer): SecretValueMessage {
  const strings = new Map<string, string>(responseFields.map((name) => [name, '']));
  const stages: string[] = [];
  for (const { number, content } of readFields(bytes)) {
    const name = responseFields[number - 1];
    if (name === 'VersionStages') stages.push(stringOf(content));
    else if (name !== undefined) strings.set(name, stringOf(content));
  }
  // The map was filled with every field name above.
  return { ...(Object.fromEntries(strings) as Record<ResponseField, string>), VersionStages: stages };
}

export function encodeError(message: ErrorMessage): Buffer {
  return Buffer.concat([
    writeInteger(1, message.StatusCode),
    optionalString(2, message.ErrorCode),
    optionalString(3, message.ErrorMessage),
    optionalString(4, message.RequestId),
  ]);
}

export function decodeError(bytes: Buffer): ErrorMessage {
  const message = { StatusCode: 0, ErrorCode: '', ErrorMessage: '', RequestId: '' };
  for (const { number, content } of readFields(bytes)) {
    if (number === 1) message.StatusCode = integerOf(content);
    if (number === 2) message.ErrorCode = stringOf(content);
    if (number === 3) message.ErrorMessage = stringOf(content);
    if (number === 4) message.RequestId = stringOf(content);
  }
  return message;
}

/** Proto3 omits empty strings. */
function optionalString(number: number, value: string | undefined): Buffer {
  return value === undefined || value === '' ? Buffer.alloc(0) : writeString(number, value);
}
