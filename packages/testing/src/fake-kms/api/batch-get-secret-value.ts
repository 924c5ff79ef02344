import type { Rights } from '../auth/access-keys.ts';
import { getSecretValue } from './get-secret-value.ts';
import type { SecretValueAnswer } from './get-secret-value.ts';
import { Refusal, refusal } from './api-error.ts';
import type { Vault } from '../secrets/secret-repository.ts';

/** What is told of a secret in a batch that cannot be read. */
export interface BatchError {
  readonly SecretName: string;
  readonly HttpStatus: number;
  readonly Code: string;
  readonly Message: string;
}

/** What BatchGetSecretValue answers, but for the request id. */
export interface BatchAnswer {
  readonly SecretValues: readonly SecretValueAnswer[];
  readonly Errors: readonly BatchError[];
}

interface BatchRequest {
  readonly parameters: ReadonlyMap<string, string>;
  readonly region: string;
  readonly rights: Rights;
}

const mostSecrets = 20;
const fields: ReadonlySet<string> = new Set(['SecretName', 'VersionStage', 'VersionId', 'FetchExtendedConfig']);

/**
 * The action BatchGetSecretValue; throws the refusal of a request that is wrong as a whole.
 *
 * Documented, and in the models that Alibaba Cloud's SDKs are generated from: the parameter `SecretsList`, a JSON list in a text,
 * of up to 20 different secrets; each entry's four fields, all texts; and the two lists of the answer with their fields.
 * Not documented, and so an assumption of this fake: that the order is that of the request, that a secret which is denied is
 * an error of its own and not one of the whole request, that an ARN is repeated as it was asked for in an error and answered
 * by its name otherwise, and how a wrong list is refused.
 */
export function batchGetSecretValue(vault: Vault, { parameters, region, rights }: BatchRequest): BatchAnswer {
  const values: SecretValueAnswer[] = [];
  const errors: BatchError[] = [];
  for (const asked of readSecretsList(parameters.get('SecretsList') ?? '')) {
    try {
      values.push(getSecretValue(vault, { parameters: asked, region, rights }));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const { status: HttpStatus, code: Code, message: Message } = error;
      errors.push({ SecretName: asked.get('SecretName') ?? '', HttpStatus, Code, Message });
    }
  }
  return { SecretValues: values, Errors: errors };
}

/** The names in a batch, for the record of a request. */
export function namesInBatch(text: string | undefined): readonly string[] | undefined {
  if (text === undefined) return undefined;
  try {
    return readSecretsList(text).map((asked) => asked.get('SecretName') ?? '');
  } catch {
    return [];
  }
}

function readSecretsList(text: string): readonly ReadonlyMap<string, string>[] {
  const list = parse(text);
  if (!Array.isArray(list) || list.length === 0 || list.length > mostSecrets)
    throw wrongList(`must be a JSON list of 1 to ${mostSecrets} secrets`);
  const entries = list.map(readEntry);
  const names = entries.map((entry) => entry.get('SecretName'));
  if (new Set(names).size !== names.length) throw wrongList('names a secret twice');
  return entries;
}

function readEntry(entry: unknown): ReadonlyMap<string, string> {
  if (typeof entry !== 'object' || entry === null) throw wrongList('holds something else than an object');
  const given = Object.entries(entry);
  const read = new Map<string, string>();
  for (const [field, value] of given as [string, unknown][]) {
    if (!fields.has(field)) throw wrongList(`holds an unknown field ${field}`);
    if (typeof value !== 'string') throw wrongList(`holds a ${field} that is no text`);
    read.set(field, value);
  }
  if ((read.get('SecretName') ?? '') === '') throw wrongList('holds an entry without a SecretName');
  return read;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw wrongList('is no JSON');
  }
}

function wrongList(what: string): Refusal {
  return refusal('InvalidParameter', ` SecretsList ${what}.`);
}
