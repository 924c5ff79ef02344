import type { StoredSecret } from '../ports/store.ts';
import type { SecretRequest } from '../secret/secret-request.ts';
import { requestParts } from './locations.ts';
import type { RequestParts } from './locations.ts';

/** A secret and its request. */
export interface SecretEntry {
  readonly request: SecretRequest;
  readonly secret: StoredSecret;
}

/** An unpaired surrogate, which UTF-8 cannot encode. */
const loneSurrogate = /[\ud800-\udfff]/u;

/** The text that is encrypted. It does not contain the fetch time. */
export function formatEntry({ request, secret }: SecretEntry): string {
  const parts = requestParts(request);
  // Outside of the JSON the value needs no escaping, which is faster. Only JSON can hold an unpaired surrogate.
  if (loneSurrogate.test(secret.value)) {
    const { fetchedAt: _, value, ...rest } = secret;
    return JSON.stringify({ request: parts, secret: { ...rest, value } });
  }
  // JSON has no `undefined`; a spread is faster than to omit two fields.
  const header = { request: parts, secret: { ...secret, value: undefined, fetchedAt: undefined } };
  return `${JSON.stringify(header)}\n${secret.value}`;
}

/** Validates the content although it is authentic: another version of this package may have written it. */
export function parseEntry(text: string, fetchedAt: number): SecretEntry | undefined {
  const headerEnd = text.indexOf('\n');
  const value = headerEnd < 0 ? undefined : text.slice(headerEnd + 1);
  let content: unknown;
  try {
    content = JSON.parse(headerEnd < 0 ? text : text.slice(0, headerEnd));
  } catch {
    return undefined; // the error would quote the text
  }
  if (!isEntryContent(content, value) || !Number.isFinite(fetchedAt)) return undefined;
  const [name, stage, versionId] = content.request;
  const { secret } = content;
  // Nothing else refers to the parsed object; a copy takes a tenth of the time of an `unseal`.
  if (value !== undefined) secret.value = value;
  secret.fetchedAt = fetchedAt;
  return { request: { name, stage: stage ?? undefined, versionId: versionId ?? undefined }, secret };
}

interface EntryContent {
  readonly request: RequestParts;
  readonly secret: { -readonly [Field in keyof StoredSecret]: StoredSecret[Field] };
}

function isEntryContent(content: unknown, separateValue: string | undefined): content is EntryContent {
  if (!isRecord(content)) return false;
  const { request, secret } = content;
  if (!Array.isArray(request) || !isRecord(secret)) return false;
  const { name, versionId, type, dataType, value = separateValue, stages } = secret;
  const isRequest = request.every((part, index) => isText(part) || (index > 0 && part === null)) && request.length > 0;
  const areTexts = isText(name) && isText(versionId) && isText(type) && isText(value);
  const areStages = Array.isArray(stages) && stages.every(isText);
  return (
    isRequest && areTexts && areStages && (dataType === 'text' || dataType === 'binary') && hasValidDetails(secret)
  );
}

function hasValidDetails({ createdAt, rotation, extendedConfig }: Readonly<Record<string, unknown>>): boolean {
  const areObjects = isOptionalRecord(rotation) && isOptionalRecord(extendedConfig);
  return areObjects && (createdAt === undefined || typeof createdAt === 'number');
}

function isOptionalRecord(value: unknown): boolean {
  return value === undefined || isRecord(value);
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
