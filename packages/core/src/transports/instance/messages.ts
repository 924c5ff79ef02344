import type { ErrorResponse } from '../error-response.ts';
import { firstErrorCode, firstRequestId } from '../error-response.ts';
import { bytesField, readFields, textOf, trueField } from './protobuf.ts';

/** The texts of GetSecretValueResponse by their numbers; 5 is `VersionStages`, the one that is repeated. */
const answerTexts: ReadonlyMap<number, string> = new Map([
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
const versionStages = 5;

/** By the names and in the order of its fields, which are numbered from 1. */
export interface GetSecretValueRequest {
  readonly SecretName: string;
  readonly VersionStage?: string | undefined;
  readonly VersionId?: string | undefined;
  readonly FetchExtendedConfig?: boolean | undefined;
}

/** In proto3 what is empty or false is left out. */
export function encodeRequest(message: GetSecretValueRequest): Buffer {
  const { SecretName, VersionStage = '', VersionId = '', FetchExtendedConfig = false } = message;
  const fields = [SecretName, VersionStage, VersionId].map((text, index) =>
    text === '' ? Buffer.alloc(0) : bytesField(index + 1, text),
  );
  return Buffer.concat(FetchExtendedConfig ? [...fields, trueField(4)] : fields);
}

/** GetSecretValueResponse by the names of its fields, those that are empty left out; throws `ProtobufProblem`. */
export function decodeResponse(body: Buffer): ReadonlyMap<string, unknown> {
  const texts = new Map<string, string>();
  const stages: string[] = [];
  for (const field of readFields(body)) {
    const name = answerTexts.get(field.number);
    // The last of several counts; a field that nobody knows yet is passed over.
    if (name !== undefined) texts.set(name, textOf(field));
    else if (field.number === versionStages) stages.push(textOf(field));
  }
  // In proto3 an empty text is one that was not sent; only the value itself may well be empty.
  const fields = new Map<string, unknown>([...texts].filter(([, text]) => text !== ''));
  fields.set('SecretData', texts.get('SecretData') ?? '');
  fields.set('VersionStages', stages);
  return fields;
}

/** Error: 1 StatusCode, 2 ErrorCode, 3 ErrorMessage, 4 RequestId. Nothing of anybody else's page, nor of the message. */
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
