import type { SecretRotation } from '../secret/secret-fields.ts';
import { Secret } from '../secret/secret.ts';
import { plainName } from '../secret/secret-name.ts';
import type { SecretRequest } from '../secret/secret-request.ts';
import { FetchFailure } from '../ports/transport.ts';
import { firstRequestId } from './error-response.ts';

/** The fields of a GetSecretValue response. Nothing is known of their types. */
export type ResponseFields = Readonly<Record<string, unknown>>;

/** Where a response is from, and what is kept of it. */
export interface ResponseContext {
  readonly endpoint: { readonly host: string };
  /** See `HttpsOptions`. */
  readonly keepsRequestId?: boolean | undefined;
}

/**
 * Converts the fields of a GetSecretValue response into a `Secret`.
 *
 * Throws a `FetchFailure` that names the field and the problem, and never quotes a value. A name, version, data type or value
 * that is missing, of the wrong type, or not the requested one means that the response is not from KMS or not for this
 * request. All other fields are metadata: one of an unknown form is omitted, because it must not make the value unavailable.
 */
export function secretFromFields(fields: ResponseFields, request: SecretRequest, context: ResponseContext): Secret {
  try {
    return toSecret(fields, request, context);
  } catch (problem) {
    if (!(problem instanceof InvalidField)) throw problem;
    throw new FetchFailure('malformed', `The response of ${context.endpoint.host} is invalid: ${problem.message}.`, {
      status: 200,
      requestId: firstRequestId(fields['RequestId']),
    });
  }
}

/** The message is a clause that quotes no value. */
class InvalidField extends Error {}

function toSecret(fields: ResponseFields, request: SecretRequest, { keepsRequestId = true }: ResponseContext): Secret {
  const name = required(fields, 'SecretName');
  if (name !== request.name && name !== plainName(request.name)) {
    throw new InvalidField('SecretName is not the requested secret');
  }
  const versionId = required(fields, 'VersionId');
  if (versionId === '') throw new InvalidField('VersionId is empty');
  // For a managed secret, KMS ignores the requested version id and returns the current version.
  if (request.versionId !== undefined && request.versionId !== versionId) {
    throw new InvalidField('VersionId is not the requested version; for a managed secret, request a stage instead');
  }
  const dataType = required(fields, 'SecretDataType').toLowerCase();
  if (dataType !== 'text' && dataType !== 'binary') {
    throw new InvalidField('SecretDataType is neither text nor binary');
  }
  const stages = decodeStages(fields['VersionStages']);
  if (request.stage !== undefined && stages.length > 0 && !stages.includes(request.stage)) {
    throw new InvalidField('VersionStages does not include the requested stage');
  }
  return new Secret({
    // The caller's string if it is equal, so that the two share one.
    name: name === request.name ? request.name : name,
    versionId,
    value: required(fields, 'SecretData'),
    dataType,
    stages,
    type: text(fields['SecretType']),
    createdAt: decodeDate(fields['CreateTime']),
    rotation: decodeRotation(fields),
    extendedConfig: decodeExtendedConfig(fields['ExtendedConfig']),
    requestId: keepsRequestId ? firstRequestId(fields['RequestId']) : undefined,
  });
}

function required(fields: ResponseFields, name: string): string {
  const value = fields[name];
  if (typeof value === 'string') return value;
  if (value === undefined || value === null) throw new InvalidField(`${name} is missing`);
  throw new InvalidField(`${name} is ${kindOf(value)}, not a string`);
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** A list, one stage, or `{"VersionStage":["ACSCurrent"]}` as in JSON. Empty for a version without a stage. */
function decodeStages(stages: unknown): readonly string[] {
  if (typeof stages === 'string') return Object.freeze([stages]);
  if (Array.isArray(stages)) return Object.freeze(stages.filter((stage) => typeof stage === 'string'));
  if (typeof stages !== 'object' || stages === null || !('VersionStage' in stages)) return [];
  const { VersionStage } = stages;
  return typeof VersionStage === 'string' || Array.isArray(VersionStage) ? decodeStages(VersionStage) : [];
}

function decodeRotation(fields: ResponseFields): SecretRotation | undefined {
  const state = fields['AutomaticRotation'];
  if (state !== 'Enabled' && state !== 'Disabled' && state !== 'Invalid') return undefined;
  const interval = decodeInterval(fields['RotationInterval']);
  const lastAt = decodeDate(fields['LastRotationDate']);
  const nextAt = decodeDate(fields['NextRotationDate']);
  return Object.freeze({ state, interval, lastAt, nextAt });
}

/** Converts an interval such as `604800s` to milliseconds. */
function decodeInterval(interval: unknown): number | undefined {
  const seconds = /^(?<seconds>\d{1,10})s$/u.exec(text(interval) ?? '')?.groups?.['seconds'];
  return seconds === undefined ? undefined : Number(seconds) * 1_000;
}

/** Converts a date such as `2026-01-02T03:04:05Z` to milliseconds since 1970. */
function decodeDate(date: unknown): number | undefined {
  const isDate = typeof date === 'string' && /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?Z$/u.test(date);
  const milliseconds = isDate ? Date.parse(date) : Number.NaN;
  return Number.isNaN(milliseconds) ? undefined : milliseconds;
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
