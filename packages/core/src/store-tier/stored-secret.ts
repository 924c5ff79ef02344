import { plainName } from '../secret/secret-name.ts';
import { Secret } from '../secret/secret.ts';
import type { SecretRotation } from '../secret/secret-fields.ts';
import type { StoredSecret } from '../ports/store.ts';
import type { SecretRequest } from '../secret/secret-request.ts';

/** KMS has no longer values (characters). */
const maxValueLength = 16_777_216;
const maxTextLength = 1_024;
const maxStages = 64;
/** The largest timestamp that `Date` can represent. */
const maxTimestamp = 8.64e15;

/** `fetchedAt` is a date, because processes share only the calendar. */
function toStored(secret: Secret, fetchedAt: number): StoredSecret {
  const { name, versionId, stages, type, dataType, createdAt, rotation, extendedConfig } = secret;
  const value = dataType === 'text' ? secret.text() : new TextDecoder().decode(secret.bytes());
  return {
    name,
    versionId,
    stages,
    type,
    dataType,
    value,
    createdAt: createdAt?.getTime(),
    rotation,
    extendedConfig,
    fetchedAt,
  };
}

export function toSecret(stored: StoredSecret): Secret {
  return new Secret({ ...stored, requestId: undefined, stale: false });
}

/** A valid secret; or why the entry is invalid, as a clause that shows none of its content. */
export type StoredSecretCheck = { readonly stored: StoredSecret } | { readonly problem: string };

/**
 * Copies and validates what a store returned for `request`.
 *
 * A store is a disk or a server that others can write to, or code of the caller. Each field is read once, because a getter
 * may return something else the second time.
 */
export function checkStored(found: unknown, request: SecretRequest): StoredSecretCheck {
  try {
    if (typeof found !== 'object' || found === null) return { problem: 'it is not an object' };
    const entries = fields.map(([name]) => [name, copyOf(Reflect.get(found, name))] as const);
    const invalid = fields.find(([, isValid], index) => !isValid(entries[index]?.[1]));
    if (invalid !== undefined) return { problem: `its field ${invalid[0]} is invalid` };
    const stored = Object.fromEntries(entries) as unknown as StoredSecret; // every field has been validated
    const problem = mismatchOf(stored, request);
    return problem === undefined ? { stored } : { problem };
  } catch {
    return { problem: 'it cannot be read' };
  }
}

/** `undefined` for a secret that would be rejected when it is read back. */
export function toValidStored(
  secret: Secret,
  { request, fetchedAt }: { readonly request: SecretRequest; readonly fetchedAt: number },
): StoredSecret | undefined {
  try {
    const checked = checkStored(toStored(secret, fetchedAt), request);
    return 'stored' in checked ? checked.stored : undefined;
  } catch {
    return undefined; // a hook or a transport returned an invalid secret, which memory can hold
  }
}

function mismatchOf({ name, versionId, stages }: StoredSecret, request: SecretRequest): string | undefined {
  if (name !== request.name && name !== plainName(request.name)) return 'it is a different secret';
  if (request.versionId !== undefined && request.versionId !== versionId) return 'it is a different version';
  if (request.stage !== undefined && stages.length > 0 && !stages.includes(request.stage)) {
    return 'it is a version without the requested stage';
  }
  return undefined;
}

/** Stored secrets are JSON. */
function copyOf(value: unknown): unknown {
  return typeof value === 'object' && value !== null ? JSON.parse(JSON.stringify(value)) : value;
}

const fields: readonly (readonly [keyof StoredSecret, (value: unknown) => boolean])[] = [
  ['name', isText],
  ['versionId', isText],
  ['stages', (value) => Array.isArray(value) && value.length <= maxStages && value.every(isText)],
  ['type', isText],
  ['dataType', (value) => value === 'text' || value === 'binary'],
  ['value', (value) => typeof value === 'string' && value.length <= maxValueLength],
  ['createdAt', (value) => value === undefined || isTimestamp(value)],
  ['rotation', (value) => value === undefined || isRotation(value)],
  ['extendedConfig', (value) => value === undefined || isPlainObject(value)],
  ['fetchedAt', isTimestamp],
];

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== '' && value.length <= maxTextLength;
}

function isTimestamp(value: unknown): boolean {
  return typeof value === 'number' && Math.abs(value) <= maxTimestamp;
}

function isPlainObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isRotation(value: unknown): boolean {
  if (!isPlainObject(value)) return false;
  const { state, interval, lastAt, nextAt } = value as Partial<Record<keyof SecretRotation, unknown>>; // validated below
  const isState = state === 'Enabled' || state === 'Disabled' || state === 'Invalid';
  return isState && [interval, lastAt, nextAt].every((time) => time === undefined || isTimestamp(time));
}
