import type { ReadPermission } from '../auth/access-keys.ts';
import type { SecretRepository } from '../secrets/secret-repository.ts';
import { ApiError, apiError } from './api-error.ts';
import { getSecretValue } from './get-secret-value.ts';
import type { SecretValueResult } from './get-secret-value.ts';

/** The error entry of a secret in a batch that cannot be read. */
export interface BatchError {
  readonly SecretName: string;
  readonly HttpStatus: number;
  readonly Code: string;
  readonly Message: string;
}

/** The fields of a BatchGetSecretValue response, without `RequestId`. */
export interface BatchResult {
  readonly SecretValues: readonly SecretValueResult[];
  readonly Errors: readonly BatchError[];
}

interface BatchRequest {
  readonly parameters: ReadonlyMap<string, string>;
  readonly region: string;
  readonly canRead: ReadPermission;
}

const maxSecrets = 20;
const entryFields: ReadonlySet<string> = new Set(['SecretName', 'VersionStage', 'VersionId', 'FetchExtendedConfig']);

/**
 * The action BatchGetSecretValue. Throws an `ApiError` if the request as a whole is invalid.
 *
 * Documented, and part of the models of Alibaba Cloud's SDKs: the parameter `SecretsList`, a JSON list as a string, with
 * up to 20 different secrets; the four fields of an entry, all strings; the two lists of the response and their fields.
 *
 * Not documented, and therefore assumptions of this fake: results are in request order; a denied secret gets an error
 * entry instead of failing the request; an error entry repeats the ARN of the request, a value has the secret's name; an
 * invalid list is an `InvalidParameter` error.
 */
export function batchGetSecretValue(
  secrets: SecretRepository,
  { parameters, region, canRead }: BatchRequest,
): BatchResult {
  const values: SecretValueResult[] = [];
  const errors: BatchError[] = [];
  for (const entry of parseSecretsList(parameters.get('SecretsList') ?? '')) {
    try {
      values.push(getSecretValue(secrets, { parameters: entry, region, canRead }));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      const { status, code, message } = error;
      errors.push({ SecretName: entry.get('SecretName') ?? '', HttpStatus: status, Code: code, Message: message });
    }
  }
  return { SecretValues: values, Errors: errors };
}

/** The secret names of a batch, for the request log. Never throws. */
export function batchSecretNames(text: string | undefined): readonly string[] | undefined {
  if (text === undefined) return undefined;
  try {
    return parseSecretsList(text).map((entry) => entry.get('SecretName') ?? '');
  } catch {
    return [];
  }
}

function parseSecretsList(text: string): readonly ReadonlyMap<string, string>[] {
  const list = parseJson(text);
  if (!Array.isArray(list) || list.length === 0 || list.length > maxSecrets)
    throw invalidList(`must be a JSON list of 1 to ${maxSecrets} secrets`);
  const entries = list.map(parseEntry);
  const names = entries.map((entry) => entry.get('SecretName'));
  if (new Set(names).size !== names.length) throw invalidList('names a secret twice');
  return entries;
}

function parseEntry(entry: unknown): ReadonlyMap<string, string> {
  if (typeof entry !== 'object' || entry === null) throw invalidList('has an entry that is not an object');
  const fields = new Map<string, string>();
  for (const [name, value] of Object.entries(entry) as [string, unknown][]) {
    if (!entryFields.has(name)) throw invalidList(`has an entry with the unknown field ${name}`);
    if (typeof value !== 'string') throw invalidList(`has an entry whose ${name} is not a string`);
    fields.set(name, value);
  }
  if ((fields.get('SecretName') ?? '') === '') throw invalidList('has an entry without SecretName');
  return fields;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw invalidList('is not valid JSON');
  }
}

function invalidList(problem: string): ApiError {
  return apiError('InvalidParameter', ` SecretsList ${problem}.`);
}
