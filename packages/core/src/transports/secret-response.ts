import type { SecretRotation } from '../secret/secret-fields.ts';
import { Secret } from '../secret/secret.ts';
import { plainName } from '../secret/secret-name.ts';
import type { SecretRequest } from '../secret/secret-request.ts';
import { FetchFailure } from '../ports/transport.ts';
import { firstRequestId } from './error-response.ts';

/**
 * Converts the fields of a GetSecretValue response into a `Secret`. `VersionStages` must be a list, or absent.
 *
 * Throws a `FetchFailure` that names the field and the problem, and never quotes a value. A field of the wrong type, or
 * another name or version than requested, means that the response is not from KMS or not for this request. Metadata that
 * cannot be parsed (a date, an interval, the extended configuration) is omitted: a new date format must not make the value
 * unavailable.
 */
export function secretFromFields(
  fields: ReadonlyMap<string, unknown>,
  request: SecretRequest,
  endpoint: string,
): Secret {
  const requestId = firstRequestId(fields.get('RequestId'));
  const malformed = (problem: string): FetchFailure =>
    new FetchFailure('malformed', `The response of ${endpoint} is invalid: ${problem}.`, { status: 200, requestId });
  const optional = (field: string): string | undefined => {
    const value = fields.get(field);
    if (value === undefined || value === null) return undefined;
    if (typeof value !== 'string') throw malformed(`${field} is ${kindOf(value)}, not a string`);
    return value;
  };
  const required = (field: string): string => {
    const value = optional(field);
    if (value === undefined) throw malformed(`${field} is missing`);
    return value;
  };

  const name = required('SecretName');
  if (name !== request.name && name !== plainName(request.name)) {
    throw malformed('SecretName is not the requested secret');
  }
  const versionId = required('VersionId');
  if (versionId === '') throw malformed('VersionId is empty');
  // For a managed secret, KMS ignores the requested version id and returns the current version.
  if (request.versionId !== undefined && request.versionId !== versionId) {
    throw malformed('VersionId is not the requested version; for a managed secret, request a stage instead');
  }
  const dataType = required('SecretDataType').toLowerCase();
  if (dataType !== 'text' && dataType !== 'binary') throw malformed('SecretDataType is neither text nor binary');
  const stages = decodeStages(fields.get('VersionStages'), malformed);
  if (request.stage !== undefined && stages.length > 0 && !stages.includes(request.stage)) {
    throw malformed('VersionStages does not include the requested stage');
  }
  return new Secret({
    name,
    versionId,
    value: required('SecretData'),
    dataType,
    stages,
    type: optional('SecretType'),
    createdAt: decodeDate(optional('CreateTime')),
    rotation: decodeRotation(optional),
    extendedConfig: decodeExtendedConfig(optional('ExtendedConfig')),
    requestId,
  });
}

/** Absent or empty for a version without a stage. */
function decodeStages(stages: unknown, malformed: (problem: string) => FetchFailure): readonly string[] {
  if (stages === undefined || stages === null) return [];
  if (!Array.isArray(stages) || !stages.every((stage) => typeof stage === 'string')) {
    throw malformed('VersionStages is not a list of strings');
  }
  return Object.freeze([...stages]);
}

function decodeRotation(field: (name: string) => string | undefined): SecretRotation | undefined {
  const state = field('AutomaticRotation');
  const interval = decodeInterval(field('RotationInterval'));
  const lastAt = decodeDate(field('LastRotationDate'));
  const nextAt = decodeDate(field('NextRotationDate'));
  if (state !== 'Enabled' && state !== 'Disabled' && state !== 'Invalid') return undefined;
  return Object.freeze({ state, interval, lastAt, nextAt });
}

/** Such as `604800s`; returns milliseconds. */
function decodeInterval(text: string | undefined): number | undefined {
  const seconds = /^(?<seconds>\d{1,10})s$/u.exec(text ?? '')?.groups?.['seconds'];
  return seconds === undefined ? undefined : Number(seconds) * 1_000;
}

/** Such as `2026-01-02T03:04:05Z`. */
function decodeDate(text: string | undefined): number | undefined {
  const isDate = text !== undefined && /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?Z$/u.test(text);
  const date = isDate ? Date.parse(text) : Number.NaN;
  return Number.isNaN(date) ? undefined : date;
}

/** A JSON object, encoded as a string. */
function decodeExtendedConfig(text: string | undefined): Readonly<Record<string, unknown>> | undefined {
  if (text === undefined || text === '') return undefined;
  try {
    const config: unknown = JSON.parse(text);
    if (typeof config !== 'object' || config === null || Array.isArray(config)) return undefined;
    return Object.freeze({ ...config });
  } catch {
    return undefined;
  }
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
