import type { SecretRotation } from '../secret/secret-fields.ts';
import { Secret } from '../secret/secret.ts';
import { plainName } from '../secret/secret-name.ts';
import type { SecretRequest } from '../secret/secret-request.ts';
import { FetchFailure } from '../ports/transport.ts';
import { firstRequestId } from './error-response.ts';

/**
 * Converts the fields of a GetSecretValue response into a `Secret`.
 *
 * Throws a `FetchFailure` that names the field and the problem, and never quotes a value. A name, version, data type or value
 * that is missing, of the wrong type, or not the requested one means that the response is not from KMS or not for this
 * request. All other fields are metadata: one of an unknown form is omitted, because it must not make the value unavailable.
 */
export function secretFromFields(
  fields: ReadonlyMap<string, unknown>,
  request: SecretRequest,
  endpoint: string,
): Secret {
  const requestId = firstRequestId(fields.get('RequestId'));
  const malformed = (problem: string): FetchFailure =>
    new FetchFailure('malformed', `The response of ${endpoint} is invalid: ${problem}.`, { status: 200, requestId });
  const required = (field: string): string => {
    const value = fields.get(field);
    if (value === undefined || value === null) throw malformed(`${field} is missing`);
    if (typeof value !== 'string') throw malformed(`${field} is ${kindOf(value)}, not a string`);
    return value;
  };
  const metadata = (field: string): string | undefined => {
    const value = fields.get(field);
    return typeof value === 'string' ? value : undefined;
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
  const stages = decodeStages(fields.get('VersionStages'));
  if (request.stage !== undefined && stages.length > 0 && !stages.includes(request.stage)) {
    throw malformed('VersionStages does not include the requested stage');
  }
  return new Secret({
    name,
    versionId,
    value: required('SecretData'),
    dataType,
    stages,
    type: metadata('SecretType'),
    createdAt: decodeDate(metadata('CreateTime')),
    rotation: decodeRotation(metadata),
    extendedConfig: decodeExtendedConfig(fields.get('ExtendedConfig')),
    requestId,
  });
}

/** A list, one stage, or `{"VersionStage":["ACSCurrent"]}` as in JSON. Empty for a version without a stage. */
function decodeStages(stages: unknown): readonly string[] {
  if (typeof stages === 'string') return Object.freeze([stages]);
  if (Array.isArray(stages)) return Object.freeze(stages.filter((stage) => typeof stage === 'string'));
  if (typeof stages !== 'object' || stages === null || !('VersionStage' in stages)) return [];
  const { VersionStage } = stages;
  return typeof VersionStage === 'string' || Array.isArray(VersionStage) ? decodeStages(VersionStage) : [];
}

function decodeRotation(field: (name: string) => string | undefined): SecretRotation | undefined {
  const state = field('AutomaticRotation');
  const interval = decodeInterval(field('RotationInterval'));
  const lastAt = decodeDate(field('LastRotationDate'));
  const nextAt = decodeDate(field('NextRotationDate'));
  if (state !== 'Enabled' && state !== 'Disabled' && state !== 'Invalid') return undefined;
  return Object.freeze({ state, interval, lastAt, nextAt });
}

/** Converts an interval such as `604800s` to milliseconds. */
function decodeInterval(text: string | undefined): number | undefined {
  const seconds = /^(?<seconds>\d{1,10})s$/u.exec(text ?? '')?.groups?.['seconds'];
  return seconds === undefined ? undefined : Number(seconds) * 1_000;
}

/** Converts a date such as `2026-01-02T03:04:05Z` to milliseconds since 1970. */
function decodeDate(text: string | undefined): number | undefined {
  const isDate = text !== undefined && /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?Z$/u.test(text);
  const date = isDate ? Date.parse(text) : Number.NaN;
  return Number.isNaN(date) ? undefined : date;
}

/** A JSON object, encoded as a string. */
function decodeExtendedConfig(encoded: unknown): Readonly<Record<string, unknown>> | undefined {
  let config = encoded;
  if (typeof encoded === 'string') {
    try {
      config = JSON.parse(encoded);
    } catch {
      return undefined;
    }
  }
  if (typeof config !== 'object' || config === null || Array.isArray(config)) return undefined;
  return Object.freeze({ ...config });
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
