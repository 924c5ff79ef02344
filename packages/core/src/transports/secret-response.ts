import type { SecretRotation } from '../secret/secret.ts';
import { Secret } from '../secret/secret.ts';
import { plainName } from '../secret/secret-name.ts';
import type { SecretRequest } from '../ports/transport.ts';
import { FetchFailure } from '../ports/transport.ts';
import { firstRequestId } from './error-response.ts';

/**
 * The fields of an answer to GetSecretValue as a secret; `VersionStages` as a list, or left out.
 *
 * Throws a `FetchFailure` for anything that is not as KMS documents it, saying what and where, never what stood there. Two
 * kinds of oddity are told apart. A wrong *type*, or another name or version than was asked for, means that it was not KMS
 * that answered, or not to us: the reply is refused. A *text* about the secret that cannot be read (a date, an interval,
 * the extended configuration) is left out: nobody must lose a password because its rotation date is written in a new way.
 */
export function secretFromFields(fields: ReadonlyMap<string, unknown>, asked: SecretRequest, endpoint: string): Secret {
  const requestId = firstRequestId(fields.get('RequestId'));
  const refuse = (what: string): FetchFailure =>
    new FetchFailure('malformed', `The answer of ${endpoint} cannot be used: ${what}.`, { status: 200, requestId });
  const optional = (field: string): string | undefined => {
    const value = fields.get(field);
    if (value === undefined || value === null) return undefined;
    if (typeof value !== 'string') throw refuse(`${field} is ${kindOf(value)}, not a text`);
    return value;
  };
  const required = (field: string): string => {
    const value = optional(field);
    if (value === undefined) throw refuse(`it has no ${field}`);
    return value;
  };

  const name = required('SecretName');
  if (name !== asked.name && name !== plainName(asked.name))
    throw refuse('it is about another secret than was asked for');
  const versionId = required('VersionId');
  if (versionId === '') throw refuse('its VersionId is empty');
  // KMS ignores a version asked for by id if the secret is a managed one, and answers with the current version.
  if (asked.versionId !== undefined && asked.versionId !== versionId) {
    throw refuse('it is about another version than was asked for; of a managed secret, ask for a stage instead');
  }
  const dataType = required('SecretDataType').toLowerCase();
  if (dataType !== 'text' && dataType !== 'binary') throw refuse('its SecretDataType is neither text nor binary');
  const stages = decodeStages(fields.get('VersionStages'), refuse);
  if (asked.stage !== undefined && stages.length > 0 && !stages.includes(asked.stage)) {
    throw refuse('it is about a version that the stage asked for is not on');
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

/** A version that no stage sits on any more has none, or an empty list. */
function decodeStages(stages: unknown, refuse: (what: string) => FetchFailure): readonly string[] {
  if (stages === undefined || stages === null) return [];
  if (!Array.isArray(stages) || !stages.every((stage) => typeof stage === 'string')) {
    throw refuse('VersionStages does not hold a list of texts');
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

/** `604800s`. */
function decodeInterval(text: string | undefined): number | undefined {
  const seconds = /^(?<seconds>\d{1,10})s$/u.exec(text ?? '')?.groups?.['seconds'];
  return seconds === undefined ? undefined : Number(seconds) * 1_000;
}

/** `2026-01-02T03:04:05Z`. */
function decodeDate(text: string | undefined): number | undefined {
  const isDate = text !== undefined && /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?Z$/u.test(text);
  const date = isDate ? Date.parse(text) : Number.NaN;
  return Number.isNaN(date) ? undefined : date;
}

/** A JSON object as text inside the JSON. */
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
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
