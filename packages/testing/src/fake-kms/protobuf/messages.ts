import { isTrue, numberOf, readFields, textOf, writeNumber, writeText } from './wire.ts';

/** What the instance API is asked (package `api` of the official instance SDKs, as all messages here). */
export interface GetSecretValueMessage {
  readonly SecretName: string;
  readonly VersionStage: string;
  readonly VersionId: string;
  readonly FetchExtendedConfig: boolean;
}

const answerFields = [
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
type AnswerField = (typeof answerFields)[number];

/** What it answers. `VersionStages` is the only list, and plain: OpenAPI puts it into an object. */
export type SecretValueMessage = Readonly<Record<Exclude<AnswerField, 'VersionStages'>, string>> & {
  readonly VersionStages: readonly string[];
};

/** How it refuses. */
export interface ErrorMessage {
  readonly StatusCode: number;
  readonly ErrorCode: string;
  readonly ErrorMessage: string;
  readonly RequestId: string;
}

export function encodeRequest(message: Partial<GetSecretValueMessage>): Buffer {
  return Buffer.concat([
    text(1, message.SecretName),
    text(2, message.VersionStage),
    text(3, message.VersionId),
    ...(message.FetchExtendedConfig === true ? [writeNumber(4, 1)] : []),
  ]);
}

/** Throws `MalformedMessage`. Of a field given twice the last counts; unknown ones are passed over. */
export function decodeRequest(bytes: Buffer): GetSecretValueMessage {
  const message = { SecretName: '', VersionStage: '', VersionId: '', FetchExtendedConfig: false };
  for (const { number, content } of readFields(bytes)) {
    if (number === 1) message.SecretName = textOf(content);
    if (number === 2) message.VersionStage = textOf(content);
    if (number === 3) message.VersionId = textOf(content);
    if (number === 4) message.FetchExtendedConfig = isTrue(content);
  }
  return message;
}

export function encodeAnswer(message: Partial<SecretValueMessage>): Buffer {
  return Buffer.concat(
    answerFields.map((name, index) => {
      const value = message[name];
      return typeof value === 'object'
        ? Buffer.concat(value.map((one) => writeText(index + 1, one)))
        : text(index + 1, value);
    }),
  );
}

export function decodeAnswer(bytes: Buffer): SecretValueMessage {
  const texts = new Map<string, string>(answerFields.map((name) => [name, '']));
  const stages: string[] = [];
  for (const { number, content } of readFields(bytes)) {
    const name = answerFields[number - 1];
    if (name === 'VersionStages') stages.push(textOf(content));
    else if (name !== undefined) texts.set(name, textOf(content));
  }
  // Every name of the list is in the map, empty at least.
  return { ...(Object.fromEntries(texts) as Record<AnswerField, string>), VersionStages: stages };
}

export function encodeError(message: ErrorMessage): Buffer {
  return Buffer.concat([
    writeNumber(1, message.StatusCode),
    text(2, message.ErrorCode),
    text(3, message.ErrorMessage),
    text(4, message.RequestId),
  ]);
}

export function decodeError(bytes: Buffer): ErrorMessage {
  const message = { StatusCode: 0, ErrorCode: '', ErrorMessage: '', RequestId: '' };
  for (const { number, content } of readFields(bytes)) {
    if (number === 1) message.StatusCode = numberOf(content);
    if (number === 2) message.ErrorCode = textOf(content);
    if (number === 3) message.ErrorMessage = textOf(content);
    if (number === 4) message.RequestId = textOf(content);
  }
  return message;
}

/** An empty text is not written: a reader takes what is missing for it. */
function text(number: number, value: string | undefined): Buffer {
  return value === undefined || value === '' ? Buffer.alloc(0) : writeText(number, value);
}
