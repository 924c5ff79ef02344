import { plainName } from '../secret-name.ts';
import { Secret } from '../secret.ts';
import type { SecretRotation } from '../secret.ts';
import type { StoredSecret } from '../store.ts';
import type { SecretRequest } from '../transport.ts';

/** A longer text is no secret of KMS, whatever stands in a store. */
const longestValue = 16_777_216;

/** A secret as stores keep it; `fetchedAt` by the calendar, which is all that processes have in common. */
export function storedOf(secret: Secret, fetchedAt: number): StoredSecret {
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

export function secretOf(stored: StoredSecret): Secret {
  return new Secret({ ...stored, requestId: undefined, stale: false });
}

/**
 * What is wrong with what a store gave, in words that show nothing of it; `undefined` if it is what was asked for.
 *
 * A store is a disk that somebody wrote to, or a server that others use: nothing that comes from it is believed.
 */
export function mistakeIn(found: unknown, asked: SecretRequest): string | undefined {
  if (typeof found !== 'object' || found === null) return 'it is no object';
  const field = (name: keyof StoredSecret): unknown => Reflect.get(found, name);
  const wrong = fieldKinds.find(([name, is]) => !is(field(name)));
  if (wrong !== undefined) return `its ${wrong[0]} is not as it should be`;
  const { name, versionId, stages } = found as StoredSecret; // every field has just been looked at
  if (name !== asked.name && name !== plainName(asked.name)) return 'it is another secret than was asked for';
  if (asked.versionId !== undefined && asked.versionId !== versionId) return 'it is another version than was asked for';
  if (asked.stage !== undefined && stages.length > 0 && !stages.includes(asked.stage)) {
    return 'it is a version without the stage that was asked for';
  }
  return undefined;
}

const fieldKinds: readonly (readonly [keyof StoredSecret, (value: unknown) => boolean])[] = [
  ['name', isWord],
  ['versionId', isWord],
  ['stages', (value) => Array.isArray(value) && value.length <= 64 && value.every(isWord)],
  ['type', isWord],
  ['dataType', (value) => value === 'text' || value === 'binary'],
  ['value', (value) => typeof value === 'string' && value.length <= longestValue],
  ['createdAt', (value) => value === undefined || isDate(value)],
  ['rotation', (value) => value === undefined || isRotation(value)],
  ['extendedConfig', (value) => value === undefined || isPlainObject(value)],
  ['fetchedAt', isDate],
];

function isWord(value: unknown): boolean {
  return typeof value === 'string' && value !== '' && value.length <= 1_024;
}

/** What `Date` can hold. */
function isDate(value: unknown): boolean {
  return typeof value === 'number' && Math.abs(value) <= 8.64e15;
}

function isPlainObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isRotation(value: unknown): boolean {
  if (!isPlainObject(value)) return false;
  const { state, interval, lastAt, nextAt } = value as Partial<Record<keyof SecretRotation, unknown>>; // looked at below
  const isKnown = state === 'Enabled' || state === 'Disabled' || state === 'Invalid';
  return isKnown && [interval, lastAt, nextAt].every((date) => date === undefined || isDate(date));
}
