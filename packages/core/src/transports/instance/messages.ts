import type { ErrorResponse } from '../error-response.ts';
import type { ResponseFields } from '../secret-response.ts';
import { firstErrorCode, firstRequestId } from '../error-response.ts';
import { bytesField, ProtobufError, readFields, textOf, trueField } from './protobuf.ts';
import type { WireField } from './protobuf.ts';

/** The string fields of GetSecretValueResponse by number. */
const responseFields: ReadonlyMap<number, string> = new Map([
  [1, 'SecretName'],
  [2, 'SecretType'],
  [3, 'SecretData'],
  [4, 'SecretDataType'],
  [6, 'VersionId'],
  [7, 'CreateTime'],
  [8, 'RequestId'],
  [9, 'LastRotationDate'],
  [10, 'NextRotationDate'],
  [11, 'ExtendedConfig'],
  [12, 'AutomaticRotation'],
  [13, 'RotationInterval'],
]);
/** `VersionStages`, the only repeated field. */
const versionStages = 5;

/** The fields in the order of their numbers, which start at 1. */
export interface GetSecretValueRequest {
  readonly SecretName: string;
  readonly VersionStage?: string | undefined;
  readonly VersionId?: string | undefined;
  readonly FetchExtendedConfig?: boolean | undefined;
}

/** Encodes a GetSecretValue request. Proto3 omits empty strings and false. */
export function encodeRequest(message: GetSecretValueRequest): Buffer {
  const { SecretName, VersionStage = '', VersionId = '', FetchExtendedConfig = false } = message;
  const fields = [SecretName, VersionStage, VersionId].map((text, index) =>
    text === '' ? Buffer.alloc(0) : bytesField(index + 1, text),
  );
  return Buffer.concat(FetchExtendedConfig ? [...fields, trueField(4)] : fields);
}

/** The fields without which there is no value, or not certainly the requested one. The others are metadata. */
const requiredFields: ReadonlySet<string> = new Set(['SecretName', 'SecretData', 'SecretDataType', 'VersionId']);

/**
 * Decodes GetSecretValueResponse into its non-empty fields by name. Metadata of another type is omitted, like an unknown
 * field. Throws `ProtobufError`.
 */
export function decodeResponse(body: Buffer): ResponseFields {
  const fields: { SecretData: string; [name: string]: unknown } = { SecretData: '' };
  const stages: string[] = [];
  for (const field of readFields(body)) {
    const name = responseFields.get(field.number);
    if (name === undefined && field.number !== versionStages) continue;
    const text = name !== undefined && requiredFields.has(name) ? textOf(field) : optionalText(field);
    if (text === undefined) continue;
    // Of several, the last one counts.
    if (name === undefined) stages.push(text);
    // In proto3, an empty string means that the field is absent. The value is the exception: an empty value is valid.
    else if (text === '' && name !== 'SecretData') Reflect.deleteProperty(fields, name);
    else fields[name] = text;
  }
  return { ...fields, VersionStages: stages };
}

function optionalText(field: WireField): string | undefined {
  try {
    return textOf(field);
  } catch (error) {
    if (error instanceof ProtobufError) return undefined;
    throw error;
  }
}

/**
 * Reads the message Error: 1 StatusCode, 2 ErrorCode, 3 ErrorMessage, 4 RequestId. The error message is not used. Returns `{}` for
 * any other body.
 */
export function readInstanceError(body: Buffer): ErrorResponse {
  try {
    const texts = new Map<number, string>();
    for (const field of readFields(body)) {
      if (field.number === 2 || field.number === 4) texts.set(field.number, textOf(field));
    }
    return { code: firstErrorCode(texts.get(2)), requestId: firstRequestId(texts.get(4)) };
  } catch {
    return {};
  }
}
