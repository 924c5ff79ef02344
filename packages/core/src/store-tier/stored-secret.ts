import { plainName } from '../secret/secret-name.ts';
import { Secret } from '../secret/secret.ts';
import type { SecretRotation } from '../secret/secret.ts';
import type { StoredSecret } from '../ports/store.ts';
import type { SecretRequest } from '../ports/transport.ts';

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

/** What a store gave: a secret that was asked for, or what is wrong with it, in words that show nothing of it. */
export type Checked = { readonly stored: StoredSecret } | { readonly mistake: string };

/**
 * What a store gave, copied, if it is what was asked for.
 *
 * A store is a disk that somebody wrote to, a server that others use, or an object of somebody's code: nothing that comes from
 * it is believed, and each field of it is looked at once, since it may be another the next time.
 */
export function checkStored(found: unknown, asked: SecretRequest): Checked {
  try {
    if (typeof found !== 'object' || found === null) return { mistake: 'it is no object' };
    const entries = fieldKinds.map(([name]) => [name, copyOf(Reflect.get(found, name))] as const);
    const wrong = fieldKinds.find(([, is], index) => !is(entries[index]?.[1]));
    if (wrong !== undefined) return { mistake: `its ${wrong[0]} is not as it should be` };
    const stored = Object.fromEntries(entries) as unknown as StoredSecret; // every field has just been looked at
    const mistake = differenceOf(stored, asked);
    return mistake === undefined ? { stored } : { mistake };
  } catch {
    return { mistake: 'it cannot be looked at' };
  }
}

function differenceOf({ name, versionId, stages }: StoredSecret, asked: SecretRequest): string | undefined {
  if (name !== asked.name && name !== plainName(asked.name)) return 'it is another secret than was asked for';
  if (asked.versionId !== undefined && asked.versionId !== versionId) return 'it is another version than was asked for';
  if (asked.stage !== undefined && stages.length > 0 && !stages.includes(asked.stage)) {
    return 'it is a version without the stage that was asked for';
  }
  return undefined;
}

/** All of it is JSON, or came as such. */
function copyOf(value: unknown): unknown {
  return typeof value === 'object' && value !== null ? JSON.parse(JSON.stringify(value)) : value;
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
